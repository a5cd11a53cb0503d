using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>People: who descends from whom, who is taller, who has what after some gifts. The answer needs several of the facts given.</summary>
static class People
{
    static readonly (string More, string Less, string Most, string Least)[] Scales =
    [
        ("taller", "shorter", "tallest", "shortest"), ("older", "younger", "oldest", "youngest"), ("faster", "slower", "fastest", "slowest"),
    ];

    /// <summary>Longest descent that has a name of its own here.</summary>
    const int LongestNamed = 3;

    /// <summary>Level: generations between the two people. The line may go on above and below them, so that its ends do not tell the answer.</summary>
    public static Posed Kinship(Draws draws, int level)
    {
        var (above, below) = level == 1 ? (0, 0) : (draws.Below(2), draws.Below(2));
        var strangers = level == 1 ? 0 : 2;   // one fact more that leads nowhere
        var people = draws.PickMany<string>(Words.Names, above + level + 1 + below + strangers);
        var family = people[..^strangers];
        var line = family[above..(above + level + 1)];
        var pairs = family.Zip(family.Skip(1)).Concat(people[^strangers..].Chunk(2).Select(pair => (pair[0], pair[1])));
        var facts = Join(draws.Shuffled<(string, string)>([.. pairs]).Select(pair => ParentFact(draws, pair)));
        var asksDown = level <= LongestNamed && draws.OneIn(3);
        var (from, to) = asksDown ? (line[0], line[^1]) : (line[^1], line[0]);
        var asksSteps = !asksDown && (level > LongestNamed || (level > 1 && draws.OneIn(2)));
        var relation = asksSteps ? Steps(line) : $"{NameOf(level, asksDown ? "child" : Parent(to))} of {from}";
        var wording = asksSteps || draws.OneIn(2)
            ? draws.Pick([$"Who is the {relation}?", $"Name the {relation}."])
            : $"Who is {from}'s {NameOf(level, asksDown ? "child" : Parent(to))}?";

        var essence = $"kinship {(asksDown ? "down" : "up")} {from} {to} of {string.Join('>', people)} and {strangers}";
        return new Posed(essence, $"{facts} {wording}", to, $"{facts} {to} is the {relation}.");
    }

    /// <summary>Level: comparisons given, one fewer than people.</summary>
    public static Posed Order(Draws draws, int level)
    {
        var scale = draws.Pick<(string More, string Less, string Most, string Least)>(Scales);
        var people = draws.PickMany<string>(Words.Names, level + 1);   // the one who is most so first
        var facts = Join(draws.Shuffled<(string, string)>([.. people.Zip(people.Skip(1))]).Select(pair => CompareFact(draws, pair, scale.More, scale.Less)));
        var (essence, wording, answer, statement) = level == 1 || draws.OneIn(3)
            ? Extreme(draws, people, scale.Most, scale.Least)
            : draws.OneIn(2) ? Second(draws, people, scale.Most, scale.Least) : Compared(draws, people, scale.More, scale.Less);
        return new Posed($"order {scale.More} {string.Join('>', people)} {essence}", $"{facts} {wording}", answer, $"{facts} {statement}");
    }

    /// <summary>
    /// Level: gifts. The chain of givers may begin before the one asked about and go on behind the answer, so that its ends do not tell it. It is no
    /// circle, which could be gone round the other way.
    /// </summary>
    public static Posed Gifts(Draws draws, int level)
    {
        var (before, after) = (draws.Below(2), draws.Below(3));
        var chain = draws.PickMany<string>(Words.Names, before + level + 1 + after);
        var thing = draws.Pick(["ball", "book", "ring"]);
        var facts = Join(draws.Shuffled<(string Giver, string Taker)>([.. chain.Zip(chain.Skip(1))]).Select(gift => $"{gift.Giver} gives to {gift.Taker}."));
        var (from, to, gifts) = (chain[before], chain[before + level], level == 1 ? "1 gift" : $"{level} gifts");
        var wording = draws.Pick(
        [
            $"Who has {from}'s {thing} after {gifts}?", $"After {gifts}, who has {from}'s {thing}?",
            $"{from} has a {thing}. Who has it after {gifts}?",
        ]);
        return new Posed($"gifts {from} {to} of {string.Join('>', chain)}", $"{facts} {wording}", to, $"{facts} After {gifts}, {to} has {from}'s {thing}.");
    }

    static string ParentFact(Draws draws, (string Parent, string Child) pair) => draws.OneIn(3)
        ? $"{pair.Child}'s {Parent(pair.Parent)} is {pair.Parent}."
        : $"{pair.Parent} is the {Parent(pair.Parent)} of {pair.Child}.";

    static string CompareFact(Draws draws, (string Upper, string Lower) pair, string more, string less) => draws.OneIn(3)
        ? $"{pair.Lower} is {less} than {pair.Upper}."
        : $"{pair.Upper} is {more} than {pair.Lower}.";

    static (string Essence, string Wording, string Answer, string Statement) Extreme(Draws draws, string[] people, string most, string least)
    {
        var asksMost = draws.OneIn(2);
        var (word, answer) = asksMost ? (most, people[0]) : (least, people[^1]);
        return (asksMost ? "most" : "least", draws.Pick([$"Who is the {word}?", $"Name the {word}."]), answer, $"{answer} is the {word}.");
    }

    static (string Essence, string Wording, string Answer, string Statement) Second(Draws draws, string[] people, string most, string least)
    {
        var asksMost = draws.OneIn(2);
        var (word, answer) = asksMost ? (most, people[1]) : (least, people[^2]);
        return (asksMost ? "second most" : "second least", draws.Pick([$"Who is the second {word}?", $"Name the second {word}."]), answer,
            $"{answer} is the second {word}.");
    }

    static (string Essence, string Wording, string Answer, string Statement) Compared(Draws draws, string[] people, string more, string less)
    {
        var places = draws.PickMany<int>([.. Enumerable.Range(0, people.Length)], 2);
        var (upper, lower) = (people[places.Min()], people[places.Max()]);
        var asksMore = draws.OneIn(2);
        var (word, answer, other) = asksMore ? (more, upper, lower) : (less, lower, upper);
        var (first, second) = (people[places[0]], people[places[1]]);
        return ($"{(asksMore ? "more" : "less")} {upper} {lower}",
            draws.Pick([$"Who is {word}, {first} or {second}?", $"Of {first} and {second}, who is {word}?"]), answer, $"{answer} is {word} than {other}.");
    }

    static string Parent(string name) => Words.IsWoman(name) ? "mother" : "father";

    static string NameOf(int generations, string relation)
        => generations == 1 ? relation : string.Concat(Enumerable.Repeat("great-", generations - 2)) + "grand" + relation;

    /// <summary>"mother of the father of Cid", from the eldest of the line down.</summary>
    static string Steps(string[] line) => string.Join(" of the ", line[..^1].Select(Parent)) + " of " + line[^1];

    static string Join(IEnumerable<string> sentences) => string.Join(' ', sentences);
}
