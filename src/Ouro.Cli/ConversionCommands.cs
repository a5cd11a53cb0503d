using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Cli;

/// <summary>What the commands that write model files share: their options, default names, and the line that says what was written.</summary>
static class ConversionCommands
{
    public static Option<string?> Type(string description)
    {
        var option = new Option<string?>("--type", "-t")
        {
            Description = $"{description} One of {string.Join(", ", WeightMix.All.Select(mix => mix.Name))}.",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && WeightMix.Find(name) is null)
                result.AddError($"There is no type '{name}'; choose one of {string.Join(", ", WeightMix.All.Select(mix => mix.Name))}.");
        });
        return option;
    }

    public static Option<string?> Output() => new("--output", "-o") { Description = "What to write; a name beside the source by default." };

    public static Option<bool> Force() => new("--force") { Description = "Replace what is there." };

    /// <summary>What people call the model: the folder's name, or the file's without its ending and type.</summary>
    public static string NameOf(string source)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        if (Directory.Exists(full))
            return Path.GetFileName(full);

        var stem = Path.GetFileNameWithoutExtension(full);
        if (stem.StartsWith("model", StringComparison.Ordinal) && full.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return Path.GetFileName(Path.GetDirectoryName(full)) is { Length: > 0 } folder ? folder : stem;

        var type = WeightMix.All.FirstOrDefault(mix => stem.EndsWith($"-{mix.Name}", StringComparison.OrdinalIgnoreCase));
        return type is null ? stem : stem[..^(type.Name.Length + 1)];
    }

    /// <summary>A name beside the source.</summary>
    public static string Beside(string source, string ending)
        => Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))) ?? ".", NameOf(source) + ending);

    public static ConversionResult ConvertToGguf(
        OuroCheckpoint source, string? output, ConversionOptions options, CancellationToken cancel)
    {
        output ??= Beside(source.Path, $"-{options.Mix?.Name ?? ModelConversion.PrevailingType(source)}.gguf");
        var metadata = TokenizerFiles.Metadata(source);
        var result = ProgressBar.Show(Path.GetFileName(output), progress => ModelConversion.ToGguf(source, output, options with { Metadata = metadata }, progress, cancel));
        if (metadata is null && source.Gguf is null)
            Console.Error.WriteLine($"note: there is no tokenizer.json in {source.Folder}, so the file will know token ids but no text.");
        return result;
    }

    /// <summary>Says on standard error what a person should know and on standard output what was written.</summary>
    public static void Report(ConversionResult result, Stopwatch time)
    {
        foreach (var note in result.Notes)
            Console.Error.WriteLine($"note: {Front.Plain(note)}");
        foreach (var name in result.Dropped)
            Console.Error.WriteLine($"note: left out '{Front.Plain(name)}', as asked; the file records it.");
        Summary(result.Path, result.Type, result.Bytes, time);
    }

    public static void Summary(string path, string type, long bytes, Stopwatch time)
    {
        var seconds = time.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Front.Plain(path)}: {type}, {Sizes.Text(bytes)}, {seconds:F1} s, {bytes / 1e6 / Math.Max(seconds, 1e-3):F0} "
                + $"MB/s written"));
    }
}
