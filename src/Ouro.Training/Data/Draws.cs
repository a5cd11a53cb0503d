namespace Ouro.Training.Data;

/// <summary>A short stream of pseudo-random numbers that belongs to a seed and a place, so that nothing has to be drawn before it.</summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood, 2014) from a state in which seed and place are mixed. Not safe for several threads.</remarks>
sealed class Draws
{
    const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    ulong _state;

    /// <param name="place">Numbers that name what is drawn; other places give independent streams for all purposes here.</param>
    public Draws(ulong seed, params ReadOnlySpan<long> place)
        => _state = Hash(seed, place);

    /// <summary>One number for a seed and a place.</summary>
    public static ulong Hash(ulong seed, params ReadOnlySpan<long> place)
    {
        var hash = Mix(seed + Golden);
        foreach (var part in place)
            hash = Mix(hash ^ Mix((ulong)part + Golden));

        return hash;
    }

    /// <summary>One number for a text, the same in every process.</summary>
    public static ulong Hash(ReadOnlySpan<char> text)
    {
        var hash = Golden;
        foreach (var unit in text)
            hash = Mix(hash ^ unit);

        return hash;
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next() => Mix(_state += Golden);

    /// <summary>A number from 0 to one less than <paramref name="count"/>, each as likely as another within 2^-32.</summary>
    public int Below(int count) => (int)Scale(Next(), (ulong)count);

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>True once in <paramref name="times"/>.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>One of several.</summary>
    public T Pick<T>(ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>Several different ones, in random order.</summary>
    public T[] PickMany<T>(ReadOnlySpan<T> choices, int count)
    {
        var shuffled = choices.ToArray();
        for (var i = 0; i < count; i++)
        {
            var other = Between(i, shuffled.Length - 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled[..count];
    }

    /// <summary>All of them, in random order.</summary>
    public T[] Shuffled<T>(ReadOnlySpan<T> items) => PickMany(items, items.Length);

    /// <summary>A hash brought to 0 to <paramref name="count"/> - 1.</summary>
    public static ulong Scale(ulong hash, ulong count) => Math.BigMul(hash, count, out _);

    /// <summary>A bijection of 64 bits in which every input bit changes every output bit with even chance (SplitMix64's output function).</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
