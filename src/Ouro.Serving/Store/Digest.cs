using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Ouro.Formats;

namespace Ouro.Serving.Store;

/// <summary>The SHA-256 of some bytes, by which blobs are named.</summary>
/// <param name="Hex">64 hexadecimal digits, lower case.</param>
public readonly record struct Digest(string Hex)
{
    const string Prefix = "sha256";
    const int HexDigits = 64;

    static readonly SearchValues<char> HexSymbols = SearchValues.Create("0123456789abcdef");

    /// <summary>The first twelve digits, which are enough for people.</summary>
    public string Short => Hex[..12];

    /// <summary>The name of the blob's file.</summary>
    internal string FileName => $"{Prefix}-{Hex}";

    /// <summary>Of bytes in memory.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    /// <summary>Reads <c>sha256:...</c> or <c>sha256-...</c>.</summary>
    /// <exception cref="StoreException">It is neither.</exception>
    public static Digest Parse(string text) => TryParse(text, out var digest)
        ? digest.Value
        : throw new StoreException(StoreFault.Invalid, $"{text.Quoted} is not a digest; expected 'sha256:' and {HexDigits} hexadecimal digits.");

    /// <summary>Reads <c>sha256:...</c> or <c>sha256-...</c> if it is one.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Digest? digest)
    {
        var isOne = text.Length == Prefix.Length + 1 + HexDigits && text.StartsWith(Prefix, StringComparison.Ordinal) && text[Prefix.Length] is ':' or '-'
            && IsHex(text.AsSpan(Prefix.Length + 1), HexDigits);
        digest = isOne ? new Digest(text[(Prefix.Length + 1)..]) : null;
        return isOne;
    }

    /// <summary>Whether the text is so many hexadecimal digits in lower case.</summary>
    internal static bool IsHex(ReadOnlySpan<char> text, int digits) => text.Length == digits && !text.ContainsAnyExcept(HexSymbols);

    /// <summary><c>sha256:...</c></summary>
    public override string ToString() => $"{Prefix}:{Hex}";
}
