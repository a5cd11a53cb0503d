namespace Ouro.Formats.Safetensors;

/// <summary>The JSON beside a sharded checkpoint that says which file holds which tensor.</summary>
/// <param name="ShardOf">File name by tensor name; every file name is a plain name ending in .safetensors.</param>
sealed record ShardIndex(string Path, IReadOnlyDictionary<string, string> ShardOf)
{
    /// <summary>What the index of a checkpoint is called.</summary>
    public const string FileName = "model.safetensors.index.json";

    /// <exception cref="ModelFileException">The file cannot be read, is too large, no index, empty, or names a file outside its folder.</exception>
    public static ShardIndex Read(string path)
    {
        using var file = MappedFile.Open(path);
        if (file.Length > FileSignature.LongestHeader)
            throw new ModelFileException(path, $"the index has {file.Length:N0} bytes but at most {FileSignature.LongestHeader:N0} make sense; "
                + "fetch it again.");

        return Parse(path, file.Map(0, (int)file.Length).Span);
    }

    /// <summary>Parses and checks an index.</summary>
    public static ShardIndex Parse(string path, ReadOnlySpan<byte> json)
    {
        var reader = new HeaderJson(path, json);
        Dictionary<string, string>? shards = null;
        reader.BeginObject("the index");
        while (reader.NextProperty(out var property))
        {
            if (property != "weight_map")
                reader.Skip();
            else if (shards is null)
                shards = ReadShards(path, ref reader);
            else
                throw new ModelFileException(path, "the index has two weight_map parts, so it is not clear which one counts; fetch it again.");
        }

        reader.End();
        return shards is { Count: > 0 }
            ? new ShardIndex(path, shards)
            : throw new ModelFileException(path, "the index has no weight_map with at least one tensor in it; fetch it again.");
    }

    static Dictionary<string, string> ReadShards(string path, ref HeaderJson reader)
    {
        var shards = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        reader.BeginObject("weight_map");
        while (reader.NextProperty(out var tensor))
        {
            var shard = reader.String($"the shard of tensor {tensor.Quoted}");
            if (!IsPlainName(shard))
                throw new ModelFileException(path, $"tensor {tensor.Quoted} is said to be in {shard.Quoted}, but a shard must be a file in the "
                    + "checkpoint's own folder whose name ends in .safetensors; do not trust this checkpoint, and fetch it from its original source.");

            // One string per shard, not one per tensor.
            if (!names.TryAdd(shard, shard))
                shard = names[shard];

            if (!shards.TryAdd(tensor, shard))
                throw new ModelFileException(path, $"tensor {tensor.Quoted} occurs twice in the index, so it is not clear which shard holds it; "
                    + "fetch it again.");
        }

        return shards;
    }

    // Both separators and the colon of drives and streams are refused on every system, so that a checkpoint is good everywhere or nowhere.
    static bool IsPlainName(string name)
        => name.Length <= 255 && name.EndsWith(".safetensors", StringComparison.Ordinal) && !name.Any(symbol => char.IsControl(symbol) || symbol is '/' or '\\' or ':');
}
