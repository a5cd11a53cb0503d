using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Model.Conversion;

/// <summary>Writes a model in another file format or in other element types, and loses nothing without being asked.</summary>
/// <remarks>
/// Tensors stream through memory in chunks of a million numbers, one per thread, so the need does not grow with the model. Files appear whole or not at all:
/// an error, a cancellation or a killed process leaves the place of the output as it was.
/// From a published checkpoint in BF16, F16 or F32 to GGUF in the same type and back gives every tensor bit for bit: GGUF files of ours
/// remember the types that their source had. Norms are stored in single precision in GGUF, as its readers expect, which is exact.
/// Quantised matrices become BF16 on the way to safetensors unless another type is asked for.
/// </remarks>
public static class ModelConversion
{
    /// <summary>Writes a GGUF file.</summary>
    /// <param name="output">The file; must not be one that the source consists of.</param>
    /// <param name="progress">Called from several threads.</param>
    /// <exception cref="ModelFileException">The source is incomplete, holds unknown tensors, NaN or infinities, or the output cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Asked for; nothing is left behind.</exception>
    public static ConversionResult ToGguf(
        OuroCheckpoint source, string output, ConversionOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        CheckPlace(source, output, options.Overwrite);
        var inventory = SourceInventory.Of(source, options);
        var plan = OutputPlan.ForGguf(inventory, options);
        return WriteGguf(output, plan, plan.Metadata(inventory, options), options.Threads, inventory.Notes, inventory.Dropped, progress, cancel);
    }

    /// <summary>Writes a folder with safetensors, config.json and generation_config.json, as programs for published checkpoints expect.</summary>
    /// <param name="output">The folder; one that exists is filled only if <see cref="ConversionOptions.Overwrite"/> allows it, and then keeps other files that lie in it.</param>
    /// <inheritdoc cref="ToGguf"/>
    public static ConversionResult ToSafetensors(
        OuroCheckpoint source, string output, ConversionOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        if (options.Mix is { Base.IsQuantized: true } mix)
            throw new ModelFileException(output, $"safetensors files hold bf16, f16 and f32, not {mix.Name}. Choose one of these, or write "
                + $"GGUF.");

        CheckPlace(source, output, options.Overwrite);
        var inventory = SourceInventory.Of(source, options);
        var plan = OutputPlan.ForSafetensors(inventory, options);
        using var folder = new CheckpointFolder(output, options.Overwrite);
        var bytes = folder.WriteTensors(plan.Tensors, inventory.EverDropped, options.Threads, progress, cancel);
        folder.WriteConfiguration(source, plan.Tensors);
        options.AddFiles?.Invoke(folder.Path);
        folder.Commit();
        return new ConversionResult(output, plan.Type, bytes, [.. inventory.Notes, .. TensorFiles.ClampNotes(plan.Tensors)], inventory.Dropped);
    }

    /// <summary>The name of the type that most bytes of a model are stored in, in lower case.</summary>
    public static string PrevailingType(OuroCheckpoint source)
        => source.StoredTensors.Count == 0
            ? "empty"
            : source.StoredTensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.ByteLength))!.Key.ToString().ToLowerInvariant();

    internal static ConversionResult WriteGguf(
        string output, OutputPlan plan, GgufMetadata metadata, int threads, IReadOnlyList<string> notes, IReadOnlyList<string> dropped,
        IProgress<TensorProgress>? progress, CancellationToken cancel)
    {
        using var writer = GgufWriter.Create(output, metadata, [.. plan.Tensors.Select(tensor => tensor.Target)]);
        TensorFiles.Write(plan.Tensors, [.. Enumerable.Range(0, plan.Tensors.Count).Select(index => (writer, index))], threads, progress, cancel);
        writer.Commit();
        return new ConversionResult(output, plan.Type, writer.FileLength, [.. notes, .. TensorFiles.ClampNotes(plan.Tensors)], dropped);
    }

    /// <exception cref="ModelFileException">Something is there already, or the output would replace its own source.</exception>
    internal static void CheckPlace(OuroCheckpoint? source, string output, bool overwrite)
    {
        if (output.Length == 0)
            throw new ModelFileException("''", "the path is empty. Say with -o what to write.");
        if (source is not null)
        {
            var place = Full(output);
            var sources = source.StoredTensors.Select(tensor => tensor.Path).Append(source.Path);
            if (source.Gguf is null)
                sources = sources.Append(source.Folder).Concat(Directory.EnumerateFiles(source.Folder).Where(file => !IsGguf(file)));
            if (sources.Distinct().Select(Full).Contains(place, OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal))
                throw new ModelFileException(output, "is the source itself, which would be destroyed. Choose another name with -o.");
        }

        if (!overwrite && (File.Exists(output) || (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())))
            throw new ModelFileException(output, "exists already. Choose another name with -o, or replace it with --force.");
    }

    static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>The path with every link on the way followed, so that two names of one place are one.</summary>
    static string Full(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } folder)
            return full;

        full = Path.Combine(Full(folder), Path.GetFileName(full));
        try
        {
            return new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true) is { } target ? Full(target.FullName) : full;
        }
        catch (IOException)
        {
            return full;   // links that lead in a circle lead nowhere
        }
    }
}
