using System.Numerics;

namespace Ouro.Training.Data;

/// <summary>A pseudo-random order of the numbers from 0 to count - 1 that is computed, not stored.</summary>
/// <remarks>
/// A Feistel network of six rounds over the smallest even number of bits that holds every number; results beyond the last are
/// sent through again until one fits (cycle walking; fewer than four times on average). Source: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002.
/// </remarks>
readonly struct Permutation
{
    const int Rounds = 6;

    readonly ulong _key;
    readonly ulong _count;
    readonly int _halfBits;

    /// <param name="stream">Tells apart orders of one seed: an epoch, for instance.</param>
    /// <param name="count">At least 1.</param>
    public Permutation(ulong seed, long stream, long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _key = Draws.Hash(seed, stream);
        _count = (ulong)count;
        _halfBits = int.Max(1, (65 - BitOperations.LeadingZeroCount(_count - 1)) / 2);
    }

    /// <summary>The number at a place; both from 0 to count - 1, and each number at one place.</summary>
    public long this[long place]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(place);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)place, _count, nameof(place));
            var value = (ulong)place;
            do
                value = Encipher(value);
            while (value >= _count);

            return (long)value;
        }
    }

    ulong Encipher(ulong value)
    {
        var mask = (1UL << _halfBits) - 1;
        var (left, right) = (value >> _halfBits, value & mask);
        for (var round = 0UL; round < Rounds; round++)
            (left, right) = (right, left ^ (Draws.Mix(_key ^ (round << 56) ^ Draws.Mix(right + round)) & mask));

        return (left << _halfBits) | right;
    }
}
