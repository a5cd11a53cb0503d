using Ouro.Generation;

namespace Ouro.Chat;

/// <summary>Remembers, for each place in a text, how probable the tokens were; chooses as another chooser does.</summary>
/// <remarks>A place that is decided again overwrites what was remembered, so what stands there in the end belongs to the token that was written.</remarks>
sealed class LogProbChooser(ITokenChooser chooser, int top) : ITokenChooser
{
    readonly Dictionary<int, (double LogProb, TokenLogProb[] Top)> _byPosition = [];

    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
    {
        var token = chooser.Choose(logits, history, position, isGuess);
        if (!isGuess)
            _byPosition[position] = Measure(logits, token);
        return token;
    }

    /// <summary>What was remembered of a place, which is forgotten.</summary>
    public (double LogProb, TokenLogProb[] Top)? Take(int position)
        => _byPosition.Remove(position, out var found) ? found : null;

    (double, TokenLogProb[]) Measure(ReadOnlySpan<float> logits, int token)
    {
        var logSum = TokenRanking.LogSum(logits);
        return (logits[token] - logSum, TokenRanking.Likeliest(logits, logSum, top));
    }
}
