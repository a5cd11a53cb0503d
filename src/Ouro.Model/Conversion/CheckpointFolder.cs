using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ouro.Formats;
using Ouro.Formats.Safetensors;

namespace Ouro.Model.Conversion;

/// <summary>A published checkpoint's folder in the making: filled under a temporary name beside its place, and put there when it is whole.</summary>
sealed class CheckpointFolder : IDisposable
{
    /// <summary>Most bytes of tensors in one file; larger models are cut into shards.</summary>
    public const long ShardBytes = 5_000_000_000;

    const string GenerationName = "generation_config.json";

    static readonly string[] StopTokens = ["<|endoftext|>", "<|im_end|>"];

    readonly string _place;
    readonly bool _overwrite;

    public CheckpointFolder(string place, bool overwrite)
    {
        (_place, _overwrite) = (System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(place)), overwrite);
        if (File.Exists(_place))
            throw new ModelFileException(place, "is a file, but safetensors are written into a folder. Choose another name with -o.");

        Path = $"{_place}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.partial";
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(place, $"the folder cannot be made ({problem.Reason}); check permissions and free "
                + $"space.", problem);
        }
    }

    /// <summary>Where files are to be put until the commit.</summary>
    public string Path { get; }

    /// <summary>Writes all tensors, in shards if they are many, and the shards' index. Returns the bytes of the weight files.</summary>
    /// <param name="dropped">Names to record in every weight file as left out.</param>
    public long WriteTensors(
        IReadOnlyList<PlannedTensor> tensors, IEnumerable<string> dropped, int threads, IProgress<TensorProgress>? progress, CancellationToken cancel,
        long shardBytes = ShardBytes)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        if (string.Join(", ", dropped) is { Length: > 0 } left)
            metadata[SourceRecord.DroppedKey] = left;
        var shards = Shards(tensors, shardBytes);
        var names = shards.Count == 1
            ? [SafetensorsCheckpoint.SingleFileName]
            : shards.Select((_, number) => string.Create(CultureInfo.InvariantCulture, $"model-{number + 1:D5}-of-{shards.Count:D5}.safetensors")).ToArray();
        var writers = new List<TensorFileWriter>();
        try
        {
            var places = new (TensorFileWriter, int)[tensors.Count];
            for (var shard = 0; shard < shards.Count; shard++)
            {
                var members = shards[shard];
                var writer = SafetensorsWriter.Create(System.IO.Path.Combine(Path, names[shard]), [.. members.Select(tensor => tensors[tensor].Target)], metadata);
                writers.Add(writer);
                for (var index = 0; index < members.Count; index++)
                    places[members[index]] = (writer, index);
            }

            TensorFiles.Write(tensors, places, threads, progress, cancel);
            writers.ForEach(writer => writer.Commit());
        }
        finally
        {
            writers.ForEach(writer => writer.Dispose());
        }

        if (shards.Count > 1)
            WriteIndex(tensors, shards, names);
        return writers.Sum(writer => writer.FileLength);
    }

    /// <summary>Writes config.json and generation_config.json of a model that is not on disk.</summary>
    public void WriteConfiguration(OuroConfig config, ElementType stored, TextEnds ends)
    {
        AtomicFile.WriteAllText(System.IO.Path.Combine(Path, HuggingFaceConfig.FileName), HuggingFaceConfig.Write(config, stored));
        AtomicFile.WriteAllText(System.IO.Path.Combine(Path, GenerationName), GenerationConfig(ends.Begin, new SortedSet<long>(ends.Stops.Select(id => (long)id)), ends.Padding));
    }

    /// <summary>Writes config.json and generation_config.json.</summary>
    /// <param name="changed">Other measures than the source's, or null.</param>
    public void WriteConfiguration(OuroCheckpoint source, IReadOnlyList<PlannedTensor> tensors, OuroConfig? changed = null)
    {
        var stored = tensors.GroupBy(tensor => tensor.Target.Type).MaxBy(group => group.Sum(tensor => tensor.Target.ByteLength))!.Key;
        var config = source.Gguf is null && changed is null
            ? Retyped(System.IO.Path.Combine(source.Folder, HuggingFaceConfig.FileName), stored)
            : HuggingFaceConfig.Write(changed ?? source.Config, stored);
        var generation = System.IO.Path.Combine(source.Folder, GenerationName);
        AtomicFile.WriteAllText(System.IO.Path.Combine(Path, HuggingFaceConfig.FileName), config);
        if (source.Gguf is null && File.Exists(generation))
            File.Copy(generation, System.IO.Path.Combine(Path, GenerationName));
        else
            AtomicFile.WriteAllText(System.IO.Path.Combine(Path, GenerationName), GenerationConfig(source));
    }

    /// <summary>Puts the folder in its place. Into a folder that exists, files go one by one, and weights that were there before go away.</summary>
    public void Commit()
    {
        try
        {
            if (!Directory.Exists(_place) || !Directory.EnumerateFileSystemEntries(_place).Any())
            {
                if (Directory.Exists(_place))
                    Directory.Delete(_place);
                Directory.Move(Path, _place);
                return;
            }

            if (!_overwrite)
                throw new IOException("something else was put there meanwhile");
            foreach (var old in Directory.EnumerateFiles(_place, "model*.safetensors").Append(System.IO.Path.Combine(_place, SafetensorsCheckpoint.IndexFileName)))
                File.Delete(old);
            foreach (var file in Directory.EnumerateFiles(Path))
                File.Move(file, System.IO.Path.Combine(_place, System.IO.Path.GetFileName(file)), overwrite: true);
            Directory.Delete(Path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(
                _place, $"the finished folder cannot be put in its place ({problem.Reason}); check that nothing else uses that "
                    + $"name, and start again.", problem);
        }
    }

    /// <summary>Deletes the unfinished folder unless it was committed.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Path))
                Directory.Delete(Path, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Out of reach already, and the error that brought us here is worth more than this one.
        }
    }

    static List<List<int>> Shards(IReadOnlyList<PlannedTensor> tensors, long shardBytes)
    {
        var shards = new List<List<int>> { new() };
        var filled = 0L;
        for (var tensor = 0; tensor < tensors.Count; tensor++)
        {
            var bytes = tensors[tensor].Target.ByteLength;
            if (shards[^1].Count > 0 && filled + bytes > shardBytes)
            {
                shards.Add([]);
                filled = 0;
            }

            shards[^1].Add(tensor);
            filled += bytes;
        }

        return shards;
    }

    void WriteIndex(IReadOnlyList<PlannedTensor> tensors, List<List<int>> shards, string[] names)
    {
        var map = new JsonObject();
        for (var shard = 0; shard < shards.Count; shard++)
        {
            foreach (var tensor in shards[shard])
                map[tensors[tensor].Target.Name] = names[shard];
        }

        var index = new JsonObject
        {
            ["metadata"] = new JsonObject { ["total_size"] = tensors.Sum(tensor => tensor.Target.ByteLength) },
            ["weight_map"] = map,
        };
        AtomicFile.WriteAllText(System.IO.Path.Combine(Path, SafetensorsCheckpoint.IndexFileName), Text(index));
    }

    /// <summary>Stops at both stop tokens, whatever single id the source gave, since the chat format ends messages with the second.</summary>
    static string GenerationConfig(OuroCheckpoint source)
    {
        var metadata = source.Gguf?.Metadata;
        var tokens = metadata?.GetStrings("tokenizer.ggml.tokens") ?? [];
        var eos = metadata?.GetInteger("tokenizer.ggml.eos_token_id");
        var stops = new SortedSet<long>(StopTokens.Select(name => (long)Array.IndexOf(tokens, name)).Where(id => id >= 0));
        if (eos is { } id)
            stops.Add(id);
        return GenerationConfig(metadata?.GetInteger("tokenizer.ggml.bos_token_id"), stops, metadata?.GetInteger("tokenizer.ggml.padding_token_id"));
    }

    static string GenerationConfig(long? begin, SortedSet<long> stops, long? padding)
    {
        var fields = new JsonObject();
        if (begin is { } bos)
            fields["bos_token_id"] = bos;
        if (stops.Count > 0)
            fields["eos_token_id"] = new JsonArray([.. stops.Select(stop => JsonValue.Create(stop))]);
        if ((padding ?? (stops.Count > 0 ? stops.Min : null)) is { } pad)
            fields["pad_token_id"] = pad;
        return Text(fields);
    }

    /// <summary>A published config.json with another type and everything else as it was.</summary>
    static string Retyped(string path, ElementType stored)
    {
        using var document = HuggingFaceConfig.Parse(path);
        var fields = JsonObject.Create(document.RootElement)!;
        var key = fields.ContainsKey("dtype") ? "dtype" : "torch_dtype";
        fields[key] = HuggingFaceConfig.TypeName(stored);
        return Text(fields);
    }

    static string Text(JsonObject fields)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
            fields.WriteTo(writer);
        return Encoding.UTF8.GetString(text.ToArray()) + "\n";
    }
}
