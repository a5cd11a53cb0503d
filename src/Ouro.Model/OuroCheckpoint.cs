using System.Globalization;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Model;

/// <summary>A model as it lies on disk: measures and named tensors, from a checkpoint folder, a .safetensors or a .gguf file alike.</summary>
public sealed class OuroCheckpoint : IDisposable
{
    readonly IDisposable _files;
    readonly Func<string, StoredTensor?> _find;

    OuroCheckpoint(
        string path, OuroConfig config, IDisposable files, IReadOnlyList<StoredTensor> tensors, Func<string, StoredTensor?> find, GgufFile? gguf)
    {
        (Path, Config, _files, StoredTensors, _find, Gguf) = (path, config, files, tensors, find, gguf);
        Tensors = ModelTensors.Of(config);
    }

    /// <summary>The folder or file.</summary>
    public string Path { get; }

    /// <summary>The measures.</summary>
    public OuroConfig Config { get; }

    /// <summary>The GGUF file, or null if this is a published checkpoint.</summary>
    public GgufFile? Gguf { get; }

    /// <summary>Every tensor that a model of these measures has.</summary>
    public IReadOnlyList<ModelTensor> Tensors { get; }

    /// <summary>Every tensor that is there, known or not.</summary>
    public IReadOnlyList<StoredTensor> StoredTensors { get; }

    /// <summary>Names of tensors that whoever made the file left out on purpose, as their source had them; often empty.</summary>
    public IReadOnlyList<string> LeftOut => Gguf?.Metadata.GetStrings(SourceRecord.DroppedKey) ?? [];

    /// <summary>How the rows of the query and key weights lie.</summary>
    public RopeLayout RopeLayout => Gguf is null ? RopeLayout.Halves : RopeLayout.Interleaved;

    /// <summary>The folder that holds the files that go with the weights (config, tokenizer); for a GGUF file, the one it lies in.</summary>
    public string Folder => Directory.Exists(Path) ? Path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>Opens a model: a folder from Hugging Face, a .safetensors file in such a folder, or a .gguf file.</summary>
    /// <remarks>Tensors may be missing or unknown at this point: <see cref="Find"/>, <see cref="Unclaimed"/> and <see cref="OuroWeights"/> tell.</remarks>
    /// <exception cref="ModelFileException">There is no model, or it is not one of this family, or a file is damaged.</exception>
    public static OuroCheckpoint Open(string path)
    {
        if (IsPublished(path))
            return OpenPublished(path);

        var gguf = GgufFile.Open(path);
        try
        {
            return new OuroCheckpoint(path, GgufConfig.Read(gguf), gguf, gguf.Tensors, gguf.Find, gguf);
        }
        catch
        {
            gguf.Dispose();
            throw;
        }
    }

    /// <summary>Opens files that may be damaged, incomplete or relabelled, as if they held a model of these measures.</summary>
    /// <exception cref="ModelFileException">A file cannot be opened at all.</exception>
    internal static OuroCheckpoint OpenAs(string path, OuroConfig config)
    {
        if (IsPublished(path))
        {
            var files = SafetensorsCheckpoint.Open(path);
            return new OuroCheckpoint(path, config, files, files.Tensors, files.Find, gguf: null);
        }

        var gguf = GgufFile.Open(path);
        return new OuroCheckpoint(path, config, gguf, gguf.Tensors, gguf.Find, gguf);
    }

    /// <summary>The stored form of one of <see cref="Tensors"/>, checked to have the right shape; null if it is not there.</summary>
    /// <exception cref="ModelFileException">It is there with another shape.</exception>
    public StoredTensor? Find(ModelTensor tensor)
    {
        var stored = NamesOf(tensor).Select(_find).FirstOrDefault(found => found is not null);
        if (stored is null || stored.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan()))
            return stored;
        if (tensor.IsGate && stored.ElementCount == tensor.ElementCount)
            return stored;   // [1, D] and [D] are both in use

        throw new ModelFileException(
            Path, $"tensor {stored.Name.Quoted} is [{string.Join(", ", stored.Shape)}], but a model of these measures needs "
                + $"[{string.Join(", ", tensor.Shape)}]. The configuration and the weights do not belong together; fetch both again.");
    }

    /// <summary>Like <see cref="Find"/>, for a tensor without which the model cannot be computed.</summary>
    /// <exception cref="ModelFileException">It is missing or has another shape.</exception>
    public StoredTensor Require(ModelTensor tensor) => Find(tensor) ?? throw Missing(tensor);

    /// <summary>A tensor widened to single precision, its rows in the order of published checkpoints whatever the file; null if it is not there.</summary>
    /// <remarks>The gate is found wherever the file keeps it.</remarks>
    /// <exception cref="ModelFileException">It is there with another shape, or is damaged.</exception>
    public float[]? Numbers(ModelTensor tensor)
    {
        if (tensor.IsGate)
            return EarlyExitGate.Read(this) is { } gate ? tensor.Role == TensorRole.GateWeight ? gate.Weight : [gate.Bias] : null;
        if (Find(tensor) is not { } stored)
            return null;

        var values = StoredNumbers.Read(stored);
        var order = RowOrder.Between(tensor, Config.HeadSize, RopeLayout, RopeLayout.Halves);
        if (order.IsIdentity)
            return values;

        var columns = (int)tensor.Shape[1];
        var ordered = new float[values.Length];
        for (var row = 0; row < (int)tensor.Shape[0]; row++)
            values.AsSpan((int)order.SourceOf(row) * columns, columns).CopyTo(ordered.AsSpan(row * columns));
        return ordered;
    }

    /// <summary>Tensors in the files that no part of the model claims.</summary>
    public IReadOnlyList<StoredTensor> Unclaimed()
    {
        var claimed = Tensors.SelectMany(NamesOf).ToHashSet(StringComparer.Ordinal);
        if (Config.TiedHead)
        {
            var (huggingFace, gguf) = ModelTensors.NamesOf(TensorRole.Head);
            claimed.Add(Gguf is null ? huggingFace : gguf);   // a second copy of the embedding
        }

        return [.. StoredTensors.Where(tensor => !claimed.Contains(tensor.Name))];
    }

    /// <summary>Refuses a stack that is cut short: it would run, and say something else than the model does.</summary>
    /// <exception cref="ModelFileException">There are tensors of a layer that the configuration does not know.</exception>
    public void RefuseFurtherLayers()
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{(Gguf is null ? "model.layers" : "blk")}.{Config.Layers}.");
        if (StoredTensors.FirstOrDefault(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)) is { } further)
        {
            throw new ModelFileException(
                Path, $"tensor '{further.Name}' belongs to layer {Config.Layers + 1:N0}, but the configuration says that there are {Config.Layers:N0}. "
                    + "The configuration and the weights do not belong together; fetch both again.");
        }
    }

    /// <summary>Closes the files; memory mapped from them must not be used any more.</summary>
    public void Dispose() => _files.Dispose();

    /// <summary>True for a folder or a .safetensors file, false for what can only be a GGUF file.</summary>
    internal static bool IsPublished(string path) => Directory.Exists(path) || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);

    static OuroCheckpoint OpenPublished(string path)
    {
        var files = SafetensorsCheckpoint.Open(path);
        try
        {
            var config = HuggingFaceConfig.Read(System.IO.Path.Combine(files.Folder, HuggingFaceConfig.FileName));
            return new OuroCheckpoint(path, config, files, files.Tensors, files.Find, gguf: null);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>What this kind of file calls a tensor.</summary>
    public string NameOf(ModelTensor tensor) => Gguf is null ? tensor.HuggingFaceName : tensor.GgufName;

    IEnumerable<string> NamesOf(ModelTensor tensor)
    {
        yield return NameOf(tensor);
        if (!tensor.IsGate)
            yield break;

        foreach (var (role, name) in ModelTensors.GateAliases)
        {
            if (role == tensor.Role)
                yield return name;
        }
    }

    ModelFileException Missing(ModelTensor tensor)
    {
        var name = NameOf(tensor);
        var cause = tensor.IsSecondNorm
            ? "it was converted by a program that does not know this model's second norms, and would print garbage. Put them back with "
                + "'ouro repair FILE --from CHECKPOINT', or convert the original with 'ouro convert'."
            : "the model cannot be computed without it. Fetch or convert it again.";
        return new ModelFileException(Path, $"tensor '{name}' is missing: {cause}");
    }
}
