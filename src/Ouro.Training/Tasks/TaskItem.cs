using Ouro.Training.Data;

namespace Ouro.Training.Tasks;

/// <summary>A question with its one right answer.</summary>
/// <param name="Kind">What sort of question; the same word for all of a sort.</param>
/// <param name="Level">Difficulty from 1, as a rule the number of steps that the answer takes.</param>
/// <param name="Question">What the user says.</param>
/// <param name="Answer">What the assistant must say, exactly.</param>
public sealed record TaskItem(string Kind, int Level, string Question, string Answer);

/// <summary>Which questions may be drawn.</summary>
public enum Split
{
    /// <summary>Those to learn from: fifteen in sixteen.</summary>
    Train,

    /// <summary>Those kept back to test with: one in sixteen.</summary>
    HeldOut,
}

/// <summary>Decides where a question belongs, by itself and not by who drew it, so the two splits never share one, whatever the seeds.</summary>
static class SplitOf
{
    const int HeldOutOneIn = 16;

    /// <summary>Far more than any question space of these tasks needs.</summary>
    const int MostAttempts = 100_000;

    /// <param name="question">Without what does not matter, such as its wording.</param>
    public static Split Question(ReadOnlySpan<char> question) => Of(Draws.Hash(question));

    public static Split Question(ReadOnlySpan<int> question)
    {
        var hash = 0UL;
        foreach (var id in question)
            hash = Draws.Mix(hash ^ (uint)id) + 1;

        return Of(Draws.Mix(hash));
    }

    /// <summary>Draws until something belongs to a split.</summary>
    /// <param name="draw">Gets the number of the attempt.</param>
    public static T DrawUntil<T>(Split split, Func<int, T> draw, Func<T, Split> splitOf)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var drawn = draw(attempt);
            if (splitOf(drawn) == split)
                return drawn;
        }

        throw new InvalidOperationException($"None of {MostAttempts:N0} questions drawn is of the split {split}; allow more kinds or levels.");
    }

    static Split Of(ulong hash) => hash % HeldOutOneIn == 0 ? Split.HeldOut : Split.Train;
}
