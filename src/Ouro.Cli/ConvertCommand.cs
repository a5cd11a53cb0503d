using System.CommandLine;
using System.Diagnostics;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Cli;

/// <summary><c>ouro convert</c>: from one file format to another with nothing lost.</summary>
static class ConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("SOURCE") { Description = "A folder from Hugging Face, a .safetensors file in one, or a .gguf file." };
        var output = ConversionCommands.Output();
        var to = new Option<string>("--to")
        {
            Description = "The format to write: gguf (a file) or safetensors (a folder).",
            DefaultValueFactory = _ => "gguf",
        };
        to.AcceptOnlyFromAmong("gguf", "safetensors");
        var type = ConversionCommands.Type("How to store the weights; as the source stores them by default.");
        var keepUnknown = new Option<bool>("--keep-unknown")
        {
            Description = "Store tensors that are no part of the model under their own names, instead of stopping at them.",
        };
        var drop = new Option<string[]>("--drop")
        {
            Description = "Leave out this tensor, named as in the source; the file records it. May be given several times.",
        };
        var withoutGate = new Option<bool>("--no-gate")
        {
            Description = "Leave out the early-exit gate: the result runs all loops for every token.",
        };
        var force = ConversionCommands.Force();

        var command = new Command("convert", "Converts a model between published checkpoints (safetensors) and GGUF, with nothing lost.")
        {
            source, output, to, type, keepUnknown, drop, withoutGate, force, SettingOptions.Threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var time = Stopwatch.StartNew();
            using var checkpoint = OuroCheckpoint.Open(parsed.GetRequiredValue(source));
            var options = new ConversionOptions
            {
                Mix = parsed.GetValue(type) is { } name ? WeightMix.Find(name) : null,
                ModelName = checkpoint.Gguf?.Metadata.GetString("general.name") ?? ConversionCommands.NameOf(checkpoint.Path),
                KeepUnknown = parsed.GetValue(keepUnknown),
                Drop = parsed.GetValue(drop) ?? [],
                WithoutGate = parsed.GetValue(withoutGate),
                Overwrite = parsed.GetValue(force),
                Threads = parsed.GetValue(SettingOptions.Threads),
            };
            RefuseMisleadingName(parsed.GetValue(output), parsed.GetValue(to)!);
            var result = parsed.GetValue(to) == "gguf"
                ? ConversionCommands.ConvertToGguf(checkpoint, parsed.GetValue(output), options, cancel)
                : ToSafetensors(checkpoint, parsed.GetValue(output), options, cancel);
            ConversionCommands.Report(result, time);
            return 0;
        }, cancel));
        return command;
    }

    static void RefuseMisleadingName(string? output, string format)
    {
        if (output is null)
            return;
        if (output.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new UserErrorException($"{output}: safetensors are written into a folder. Name one, and say --to safetensors.");
        if (format == "safetensors" && output.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            throw new UserErrorException($"{output}: a .gguf file is not what --to safetensors writes. Name a folder, or say --to gguf.");
    }

    static ConversionResult ToSafetensors(OuroCheckpoint source, string? output, ConversionOptions options, CancellationToken cancel)
    {
        output ??= ConversionCommands.Beside(source.Path, "-safetensors");
        options = options with { AddFiles = folder => TokenizerFiles.Write(source, folder) };
        return ProgressBar.Show(Path.GetFileName(output), progress => ModelConversion.ToSafetensors(source, output, options, progress, cancel));
    }
}
