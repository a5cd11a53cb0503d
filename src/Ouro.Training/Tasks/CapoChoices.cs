using Ouro.Training.Data;

namespace Ouro.Training.Tasks;

/// <summary>How many values each attribute of a <see cref="Capo"/> person is drawn from. The defaults are those of bioS.</summary>
/// <remarks>Source: arXiv:2404.05405, section 2.2 (bioS), on which arXiv:2510.25741, section 6, builds.</remarks>
public sealed record CapoChoices
{
    /// <summary>First names.</summary>
    public int FirstNames { get; init => field = Check(value, most: int.MaxValue); } = 400;

    /// <summary>Middle names.</summary>
    public int MiddleNames { get; init => field = Check(value, most: int.MaxValue); } = 400;

    /// <summary>Last names.</summary>
    public int LastNames { get; init => field = Check(value, most: int.MaxValue); } = 1000;

    /// <summary>Days of a month; at most 28.</summary>
    public int Days { get; init => field = Check(value, most: 28); } = 28;

    /// <summary>Months; at most 12.</summary>
    public int Months { get; init => field = Check(value, most: 12); } = 12;

    /// <summary>Birth years, from 1800 on; at most 200.</summary>
    public int Years { get; init => field = Check(value, most: 200); } = 200;

    /// <summary>Birth cities.</summary>
    public int Cities { get; init => field = Check(value, most: int.MaxValue); } = 200;

    /// <summary>Universities.</summary>
    public int Universities { get; init => field = Check(value, most: int.MaxValue); } = 300;

    /// <summary>Fields of study.</summary>
    public int Majors { get; init => field = Check(value, most: int.MaxValue); } = 100;

    /// <summary>Employers.</summary>
    public int Employers { get; init => field = Check(value, most: int.MaxValue); } = 263;

    /// <summary>Different full names there are.</summary>
    public long Names => checked((long)FirstNames * MiddleNames * LastNames);

    /// <summary>log2 of the choices of all attributes of one person, without the name.</summary>
    public double ValueBits
        => Math.Log2((double)Days * Months * Years) + Math.Log2(Cities) + Math.Log2(Universities) + Math.Log2(Majors) + Math.Log2(Employers);

    static int Check(int value, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most);
        return value;
    }
}

/// <summary>Invented words that one could say: a different one for each number.</summary>
static class Syllables
{
    const string Consonants = "bdfgklmnprstvz";
    const string Vowels = "aeiou";

    /// <summary>Syllables of one consonant and one vowel.</summary>
    const int Count = 70;

    /// <param name="place">Shuffles which number has which word, so that other sorts of word differ.</param>
    /// <param name="count">Words of this sort.</param>
    /// <returns>Letters in small; two syllables or more, as many as the sort needs.</returns>
    public static string Word(ulong place, int number, int count)
    {
        var (space, syllables) = ((long)Count * Count, 2);
        for (; space < count; space *= Count)
            syllables++;

        var rest = new Permutation(place, 0, space)[number];
        var letters = new char[syllables * 2];
        for (var i = 0; i < syllables; i++, rest /= Count)
            (letters[2 * i], letters[(2 * i) + 1]) = (Consonants[(int)(rest % Count) / Vowels.Length], Vowels[(int)(rest % Count) % Vowels.Length]);

        return new string(letters);
    }
}
