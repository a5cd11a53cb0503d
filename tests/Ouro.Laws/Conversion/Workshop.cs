using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Laws.Conversion;

/// <summary>A folder for one test, gone afterwards, and the ways in which tests spoil model files.</summary>
sealed class Workshop : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("ouro-laws-").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    public static string Golden(string relative) => Repository.Path($"tests/Ouro.Golden/data/{relative}");

    public static ConversionOptions As(string mix) => new() { Mix = WeightMix.Find(mix).ShouldNotBeNull() };

    public string ToGguf(string source, string name, ConversionOptions? options = null)
    {
        using var checkpoint = OuroCheckpoint.Open(source);
        return ModelConversion.ToGguf(checkpoint, this[name], options ?? new ConversionOptions()).Path;
    }

    public string ToSafetensors(string source, string name, ConversionOptions? options = null)
    {
        using var checkpoint = OuroCheckpoint.Open(source);
        return ModelConversion.ToSafetensors(checkpoint, this[name], options ?? new ConversionOptions()).Path;
    }

    /// <summary>Copies a GGUF file with changed metadata and changed tensors.</summary>
    /// <param name="tensors">The tensors of the copy; a tensor with null bytes is copied as it is.</param>
    public string Rewrite(string source, string name, Action<GgufMetadata>? metadata = null, Func<StoredTensor, IEnumerable<(TensorSpec Spec, byte[] Bytes)>>? tensors = null)
    {
        using var file = GgufFile.Open(source);
        var entries = new GgufMetadata();
        foreach (var (key, value) in file.Metadata.Entries)
            entries.Add(key, value);
        metadata?.Invoke(entries);
        var all = file.Tensors.SelectMany(tensor => tensors?.Invoke(tensor) ?? [(tensor, BytesOf(tensor))]).ToArray();
        using var writer = GgufWriter.Create(this[name], entries, [.. all.Select(tensor => tensor.Spec)]);
        Write(writer, all);
        return this[name];
    }

    /// <summary>Copies a published checkpoint into one file with changed tensors, and its config.json with it.</summary>
    public string RewritePublished(
        string source, string name, Func<StoredTensor, IEnumerable<(TensorSpec Spec, byte[] Bytes)>>? tensors = null, params (TensorSpec Spec, byte[] Bytes)[] more)
    {
        Directory.CreateDirectory(this[name]);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(this[name], "config.json"));
        using var checkpoint = SafetensorsCheckpoint.Open(source);
        var all = checkpoint.Tensors.SelectMany(tensor => tensors?.Invoke(tensor) ?? [(tensor, BytesOf(tensor))]).Concat(more).ToArray();
        using var writer = SafetensorsWriter.Create(Path.Combine(this[name], "model.safetensors"), [.. all.Select(tensor => tensor.Spec)]);
        Write(writer, all);
        return this[name];
    }

    public static byte[] BytesOf(StoredTensor tensor)
    {
        var bytes = new byte[tensor.ByteLength];
        tensor.Read(0, bytes);
        return bytes;
    }

    /// <summary>Every tensor of a checkpoint: its name, type and shape, and its bytes.</summary>
    public static Dictionary<string, byte[]> Contents(string path)
    {
        using var checkpoint = OuroCheckpoint.Open(path);
        return checkpoint.StoredTensors.ToDictionary(tensor => tensor.ToString(), BytesOf);
    }

    public static VerificationReport Verify(string source, string file, int threads = 2)
    {
        using var checkpoint = OuroCheckpoint.Open(source);
        return ModelVerification.Run(checkpoint, file, threads);
    }

    public string[] FilesLeft() => [.. Directory.EnumerateFileSystemEntries(Folder).Select(path => Path.GetFileName(path)!)];

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    static void Write(TensorFileWriter writer, (TensorSpec Spec, byte[] Bytes)[] tensors)
    {
        for (var i = 0; i < tensors.Length; i++)
            writer.Write(i, 0, tensors[i].Bytes);
        writer.Commit();
    }
}
