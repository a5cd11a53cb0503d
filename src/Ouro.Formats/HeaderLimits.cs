namespace Ouro.Formats;

/// <summary>How much a header may hold: far more than in any real model, but so little that a hostile file is dealt with in about a second.</summary>
static class HeaderLimits
{
    /// <summary>Bytes of a GGUF header; the largest vocabularies in use take 20 million.</summary>
    public const int GgufBytes = 50_000_000;

    /// <summary>Bytes of a safetensors header or of a shard index; the limit of the format's own library.</summary>
    public const int JsonBytes = 100_000_000;

    /// <summary>Tensors, metadata keys, or nested arrays in one header: small things that cost far more memory than file.</summary>
    public const int Entries = 100_000;

    /// <summary>Bytes of a name; usual ones take less than 70.</summary>
    public const int NameBytes = 65_535;

    /// <summary>There are more entries than <see cref="Entries"/>.</summary>
    /// <param name="what">The entries, as the start of the sentence: "the tensors".</param>
    public static ModelFileException TooMany(string path, string what)
        => ModelFileException.Damaged(path, $"{what} number more than {Entries:N0}, which no real model needs");
}
