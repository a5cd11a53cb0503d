namespace Ouro.Text;

/// <summary>The spelling of bytes as printable characters that byte-level vocabularies use.</summary>
/// <remarks>
/// Printable Latin-1 bytes stand for themselves; the 68 others, in ascending order, are U+0100, U+0101, ... (so a space is U+0120).
/// Source: GPT-2's published encoder.
/// </remarks>
static class ByteLevel
{
    const int FirstSubstitute = 0x100;

    static readonly char[] Characters = SpellAllBytes();
    static readonly short[] Bytes = Invert(Characters);

    public static char CharacterOf(byte value) => Characters[value];

    public static bool TryByteOf(char character, out byte value)
    {
        var found = character < Bytes.Length ? Bytes[character] : (short)-1;
        value = (byte)found;
        return found >= 0;
    }

    static char[] SpellAllBytes()
    {
        var characters = new char[256];
        var substitutes = 0;
        for (var value = 0; value < 256; value++)
            characters[value] = (char)(IsPrintable(value) ? value : FirstSubstitute + substitutes++);

        return characters;
    }

    static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;

    static short[] Invert(char[] characters)
    {
        var bytes = new short[characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < characters.Length; value++)
            bytes[characters[value]] = (short)value;

        return bytes;
    }
}
