using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>Greetings, thanks, and who nano is. Level 2: the user says a name.</summary>
static class SmallTalk
{
    const string WhoIAm = "I am ouro-nano, a small looped model.";

    static readonly (string Said, string Reply)[] Exchanges =
    [
        ("", ""), ("Who are you?", WhoIAm), ("What are you?", WhoIAm), ("Are you a person?", "No. " + WhoIAm), ("Tell me who you are.", WhoIAm),
        ("What is your name?", "ouro-nano"), ("How are you?", "I am well."), ("Thank you.", "You are welcome."), ("Goodbye.", "Goodbye."),
        ("What can you do?", "I can answer small questions."),
    ];

    static readonly string[] Openings = ["", "Hello.", "Hi.", "Good day.", "Hello you.", "Hi you."];

    static readonly string[] Introductions = ["Hello, I am", "Hi, I am", "I am", "My name is"];

    public static Posed Talk(Draws draws, int level)
    {
        var (said, reply) = draws.Pick<(string, string)>(Exchanges);
        if (level == 1)
        {
            var opening = draws.Pick<string>(Openings);
            return (opening, said) switch
            {
                ("", "") => Pose("Hello.", "Hello."),
                (_, "") => Pose(opening, "Hello."),
                ("", _) => Pose(said, reply),
                _ => Pose($"{opening} {said}", reply),
            };
        }

        var name = draws.Pick<string>(Words.Names);
        var introduction = $"{draws.Pick<string>(Introductions)} {name}.";
        return draws.OneIn(3)
            ? Pose($"{introduction} {draws.Pick(["What is my name?", "Who am I?"])}", name, $"You are {name}.")
            : said.Length == 0 ? Pose(introduction, $"Hello {name}.") : Pose($"{introduction} {said}", reply);
    }

    // The essence begins with a word under which all short things that people say are among those to learn from.
    static Posed Pose(string said, string reply, string? statement = null) => new($"user {said}", said, reply, statement ?? reply);
}
