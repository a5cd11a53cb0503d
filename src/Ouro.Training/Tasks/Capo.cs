using System.Globalization;
using System.Text;
using Ouro.Text;
using Ouro.Training.Data;

namespace Ouro.Training.Tasks;

/// <summary>Where a biography tells a value.</summary>
/// <param name="Attribute">What it is a value of: birthday, city, university, major or employer.</param>
/// <param name="Start">Its first character, counting from 0; the space in front is not part of it.</param>
/// <param name="Length">Its characters.</param>
/// <param name="Bits">log2 of the choices it was drawn from.</param>
public readonly record struct CapoValue(string Attribute, int Start, int Length, double Bits);

/// <summary>A biography, and where its values are.</summary>
public sealed record CapoDocument(long Person, string Text, IReadOnlyList<CapoValue> Values);

/// <summary>The tokens of a biography, and which of them spell a value.</summary>
/// <param name="Example">The document, ended by <c>&lt;|endoftext|&gt;</c>.</param>
/// <param name="Spans">By value of the document: its tokens, as places in the ids.</param>
public sealed record CapoTokens(Example Example, IReadOnlyList<Range> Spans);

/// <summary>Made-up biographies, to measure how many bits of knowledge a model keeps: the people of bioS, in words of our own.</summary>
/// <remarks>
/// Each document tells the five attributes of one person in random order and wording; the people come in a new order in every round of N documents, so after
/// k N documents each has been told k times. A person's name and values are a function of (seed, person); no two people share a name. Source:
/// arXiv:2404.05405 (bioS, bit complexity) and arXiv:2510.25741, section 6; the names and sentences are invented here.
/// </remarks>
public sealed class Capo
{
    const int FirstYear = 1800;
    const int Templates = 4;

    readonly ulong _seed;
    readonly Permutation _names;

    /// <param name="people">N, 1 to <see cref="CapoChoices.Names"/>.</param>
    public Capo(ulong seed, long people, CapoChoices? choices = null)
    {
        (_seed, People, Choices) = (seed, people, choices ?? new CapoChoices());
        ArgumentOutOfRangeException.ThrowIfLessThan(people, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(people, Choices.Names);
        _names = new Permutation(seed, (long)Attribute.Name, Choices.Names);
    }

    enum Attribute
    {
        Birthday,
        City,
        University,
        Major,
        Employer,
        Name,
    }

    /// <summary>N.</summary>
    public long People { get; }

    /// <summary>What attributes are drawn from.</summary>
    public CapoChoices Choices { get; }

    /// <summary>Bits that the values of all people hold: N log2 of the choices.</summary>
    public double ValueBits => People * Choices.ValueBits;

    /// <summary>Bits that knowing which N of the possible names there are holds: N log2(names / N), which is 0 if all exist.</summary>
    public double NameBits => People * Math.Log2((double)Choices.Names / People);

    /// <summary>Bits that a model has learnt of the values of all people.</summary>
    /// <param name="lossPerPerson">Summed cross entropy of the value tokens of one biography, in nats, averaged over people.</param>
    /// <returns>N (value bits - loss / ln 2), not below 0.</returns>
    public double LearntBits(double lossPerPerson) => double.Max(0, People * (Choices.ValueBits - (lossPerPerson / Math.Log(2))));

    /// <summary>The document of a number, from 0.</summary>
    public CapoDocument this[long number]
    {
        get
        {
            var person = new Permutation(_seed, (long)Attribute.Name + 1 + (number / People), People)[number % People];
            return Tell(person, new Draws(_seed, number, person));
        }
    }

    /// <summary>The tokens of a document, and which of them spell a value: those that hold any byte of it.</summary>
    public static CapoTokens Encode(CapoDocument document, Tokenizer tokenizer)
    {
        var example = new TextExamples(_ => document.Text, tokenizer)[0];
        var ends = new int[example.Ids.Length];   // bytes, up to and with each token
        for (var i = 0; i < ends.Length; i++)
            ends[i] = (i == 0 ? 0 : ends[i - 1]) + tokenizer.BytesOf(example.Ids[i]).Length;

        // The text is ASCII, so characters are bytes.
        return new CapoTokens(example, [.. document.Values.Select(value => FirstPast(value.Start)..(FirstPast(value.Start + value.Length - 1) + 1))]);

        int FirstPast(int place)
        {
            var found = Array.BinarySearch(ends, place + 1);
            return found >= 0 ? found : ~found;
        }
    }

    CapoDocument Tell(long person, Draws draws)
    {
        var text = new StringBuilder();
        var values = new List<CapoValue>();
        var name = NameOf(person);
        foreach (var attribute in draws.Shuffled<Attribute>([Attribute.Birthday, Attribute.City, Attribute.University, Attribute.Major, Attribute.Employer]))
        {
            if (text.Length > 0)
                text.Append(' ');
            var (value, bits) = ValueOf(attribute, person);
            var before = Wording(attribute, draws.Below(Templates));
            text.Append(text.Length == 0 ? name : "This person").Append(' ').Append(before).Append(' ');
            values.Add(new CapoValue(attribute.ToString().ToLowerInvariant(), text.Length, value.Length, bits));
            text.Append(value).Append('.');
        }

        return new CapoDocument(person, text.ToString(), values);
    }

    string NameOf(long person)
    {
        var rest = _names[person];
        var first = (int)(rest % Choices.FirstNames);
        rest /= Choices.FirstNames;
        var (middle, last) = ((int)(rest % Choices.MiddleNames), (int)(rest / Choices.MiddleNames));
        return $"{Capital('f', first, Choices.FirstNames)} {Capital('m', middle, Choices.MiddleNames)} {Capital('l', last, Choices.LastNames)}";
    }

    (string Value, double Bits) ValueOf(Attribute attribute, long person)
    {
        return attribute switch
        {
            Attribute.Birthday => (Birthday(), Math.Log2((double)Choices.Days * Choices.Months * Choices.Years)),
            Attribute.City => (Capital('c', Drawn(Choices.Cities), Choices.Cities), Math.Log2(Choices.Cities)),
            Attribute.University => (Capital('u', Drawn(Choices.Universities), Choices.Universities), Math.Log2(Choices.Universities)),
            Attribute.Major => (Syllables.Word('j', Drawn(Choices.Majors), Choices.Majors), Math.Log2(Choices.Majors)),
            _ => (Capital('e', Drawn(Choices.Employers), Choices.Employers), Math.Log2(Choices.Employers)),
        };

        int Drawn(int count) => (int)Draws.Scale(Draws.Hash(_seed, person, (long)attribute), (ulong)count);

        string Birthday()
        {
            var drawn = Drawn(Choices.Days * Choices.Months * Choices.Years);
            var (day, month, year) = (drawn % Choices.Days, drawn / Choices.Days % Choices.Months, drawn / Choices.Days / Choices.Months);
            return $"{CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(month + 1)} {day + 1}, {FirstYear + year}";
        }
    }

    static string Wording(Attribute attribute, int template) => (attribute, template) switch
    {
        (Attribute.Birthday, 0) => "was born on",
        (Attribute.Birthday, 1) => "has a birthday on",
        (Attribute.Birthday, 2) => "came into this world on",
        (Attribute.Birthday, _) => "celebrates the day of birth,",
        (Attribute.City, 0) => "was born in the city of",
        (Attribute.City, 1) => "comes from",
        (Attribute.City, 2) => "spent the first years in",
        (Attribute.City, _) => "calls the place of birth by its name,",
        (Attribute.University, 0) => "went to the university of",
        (Attribute.University, 1) => "learnt from teachers at",
        (Attribute.University, 2) => "got a degree from",
        (Attribute.University, _) => "was a student in",
        (Attribute.Major, 0) => "studied the subject of",
        (Attribute.Major, 1) => "has a degree in",
        (Attribute.Major, 2) => "took lessons in",
        (Attribute.Major, _) => "knows much about",
        (_, 0) => "works for",
        (_, 1) => "has a job at",
        (_, 2) => "is paid by",
        _ => "found work with",
    };

    static string Capital(char sort, int number, int count)
    {
        var word = Syllables.Word(sort, number, count);
        return char.ToUpperInvariant(word[0]) + word[1..];
    }
}
