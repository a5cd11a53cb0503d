using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>Facts told in the prompt, and questions about one of them, or about something that was not told. Level: facts.</summary>
static class Facts
{
    public const string DoNotKnow = "I do not know.";

    /// <summary>What a fact is about, and its value.</summary>
    sealed record Fact(Topic Topic, string Subject, string Value)
    {
        public string Sentence => Topic switch
        {
            Topic.Colour => $"The {Subject} is {Value}.",
            Topic.Place => $"The {Subject} is in the {Value}.",
            _ => $"{Subject} likes {Value}.",
        };

        public string Answer => Topic == Topic.Place ? $"in the {Value}" : Value;

        public string Ask(Draws draws) => Topic switch
        {
            Topic.Colour => draws.Pick([$"What colour is the {Subject}?", $"Which colour has the {Subject}?", $"Name the colour of the {Subject}."]),
            Topic.Place => draws.Pick([$"Where is the {Subject}?", $"Where can I find the {Subject}?", $"In what is the {Subject}?"]),
            _ => draws.Pick([$"What does {Subject} like?", $"Name what {Subject} likes.", $"{Subject} likes what?"]),
        };
    }

    enum Topic
    {
        Colour,
        Place,
        Liking,
    }

    public static Posed Given(Draws draws, int level)
    {
        var facts = Draw(draws, level);
        var asked = draws.Pick<Fact>(facts);
        var told = Tell(facts);
        return new Posed($"facts {told} {asked.Topic} {asked.Subject}", $"{told} {asked.Ask(draws)}", asked.Answer, told);
    }

    public static Posed NotGiven(Draws draws, int level)
    {
        if (level == 1 && draws.OneIn(2))
            return Outside(draws);

        var drawn = Draw(draws, level + 1);
        var (facts, missing) = (drawn[..level], drawn[level]);

        // What is told about the same thing, but of another topic, does not answer it either.
        if (draws.OneIn(2) && facts.FirstOrDefault(fact => fact.Topic != Topic.Liking) is { } near)
            missing = near with { Topic = near.Topic == Topic.Colour ? Topic.Place : Topic.Colour };

        var told = Tell(facts);
        return new Posed($"unknown {told} {missing.Topic} {missing.Subject}", $"{told} {missing.Ask(draws)}", DoNotKnow, told);
    }

    static Posed Outside(Draws draws)
    {
        var land = draws.Pick<string>(Words.Lands);
        var matter = draws.Pick(
            [$"the capital of {land}", $"the king of {land}", $"the weather in {land}", $"the largest city of {land}", $"the time in {land}"]);
        var who = matter.StartsWith("the king", StringComparison.Ordinal) ? "Who" : "What";
        return new Posed(
            $"unknown {matter}", draws.Pick([$"{who} is {matter}?", $"Tell me {matter}.", $"Name {matter}."]), DoNotKnow, $"I do not know {matter}.");
    }

    /// <summary>Facts about different things and people.</summary>
    static Fact[] Draw(Draws draws, int count)
    {
        var things = draws.PickMany<string>(Words.Things, count);
        var people = draws.PickMany<string>(Words.Names, count);
        return
        [
            .. Enumerable.Range(0, count).Select(i => draws.Below(3) switch
            {
                0 => new Fact(Topic.Colour, things[i], draws.Pick<string>(Words.Colours)),
                1 => new Fact(Topic.Place, things[i], draws.Pick<string>(Words.Places)),
                _ => new Fact(Topic.Liking, people[i], draws.Pick<string>(Words.Foods)),
            }),
        ];
    }

    static string Tell(Fact[] facts) => string.Join(' ', facts.Select(fact => fact.Sentence));
}
