namespace Ouro.Formats.Safetensors;

/// <summary>The JSON beside a sharded checkpoint that says which file holds which tensor.</summary>
/// <param name="ShardOf">File name by tensor name; every file name is a plain name ending in .safetensors.</param>
sealed record ShardIndex(string Path, IReadOnlyDictionary<string, string> ShardOf)
{
    /// <summary>What the index of a checkpoint is called.</summary>
    public const string FileName = "model.safetensors.index.json";

    /// <exception cref="ModelFileException">It cannot be read, is too large, no index, empty, or names a file outside its folder.</exception>
    public static ShardIndex Read(string path)
    {
        using var file = MappedFile.Open(path);
        if (file.Length > HeaderLimits.JsonBytes)
            throw new ModelFileException(path, $"the index has {file.Length:N0} bytes but at most {HeaderLimits.JsonBytes:N0} make sense; "
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
                throw ModelFileException.Damaged(path, "the index has two weight_map parts, and it is not clear which one counts");
        }

        reader.End();
        return shards is { Count: > 0 }
            ? new ShardIndex(path, shards)
            : throw ModelFileException.Damaged(path, "the index has no weight_map with at least one tensor in it");
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
                throw new ModelFileException(path, $"tensor {tensor.Quoted} is said to be in {shard.Quoted}, but a shard must be a file in "
                    + "the checkpoint's own folder whose name ends in .safetensors; fetch the checkpoint from a source that you trust.");

            // One string per shard, not one per tensor.
            if (!names.TryAdd(shard, shard))
                shard = names[shard];

            if (!shards.TryAdd(tensor, shard))
                throw ModelFileException.Damaged(path,
                    $"tensor {tensor.Quoted} occurs twice in the index, and it is not clear which shard holds it");

            if (shards.Count > HeaderLimits.Entries)
                throw HeaderLimits.TooMany(path, "the tensors of the index");
        }

        return shards;
    }

    // Both separators and the colon of drives and streams are refused on every system, so that a checkpoint is good everywhere or nowhere.
    static bool IsPlainName(string name)
        => name.Length <= 255
            && name.EndsWith(".safetensors", StringComparison.Ordinal)
            && !name.Any(symbol => char.IsControl(symbol) || symbol is '/' or '\\' or ':');
}
