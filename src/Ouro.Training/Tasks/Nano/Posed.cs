using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>A question as a kind poses it.</summary>
/// <param name="Essence">What is asked, apart from the wording unless ways to ask are what is held out; two with one essence belong to one split.</param>
/// <param name="Question">What the user says.</param>
/// <param name="Answer">The one right answer.</param>
/// <param name="Statement">The same as something to read: sentences that hold question and answer.</param>
sealed record Posed(string Essence, string Question, string Answer, string Statement);

/// <summary>A kind of question.</summary>
/// <param name="Name">One word.</param>
/// <param name="Levels">Levels run from 1 to this.</param>
/// <param name="Share">How often it is drawn, relative to the others.</param>
/// <param name="Pose">Draws a question of a level.</param>
sealed record NanoKind(string Name, int Levels, int Share, Func<Draws, int, Posed> Pose)
{
    /// <summary>All there are.</summary>
    public static IReadOnlyList<NanoKind> All { get; } =
    [
        new("sum", 6, 3, Arithmetic.Sum),
        new("modular", 6, 3, Arithmetic.Modular),
        new("kinship", 6, 3, People.Kinship),
        new("order", 6, 3, People.Order),
        new("gifts", 8, 3, People.Gifts),
        new("sort", 6, 2, Lists.Sort),
        new("reverse", 6, 2, Lists.Reverse),
        new("count", 6, 2, Lists.Count),
        new("facts", 6, 2, Facts.Given),
        new("unknown", 6, 2, Facts.NotGiven),
        new("talk", 2, 2, SmallTalk.Talk),
    ];
}
