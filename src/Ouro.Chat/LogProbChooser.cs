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
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
            largest = Math.Max(largest, float.IsNaN(logit) ? float.NegativeInfinity : logit);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += float.IsNaN(logit) ? 0 : Math.Exp(logit - largest);
        var logSum = largest + Math.Log(sum);

        var best = new PriorityQueue<int, (float, int)>();   // the worst of the best first; of equal ones the higher number
        for (var id = 0; id < logits.Length && top > 0; id++)
        {
            if (float.IsNaN(logits[id]))
                continue;
            if (best.Count < top)
                best.Enqueue(id, (logits[id], -id));
            else
                best.EnqueueDequeue(id, (logits[id], -id));
        }

        var likeliest = new TokenLogProb[best.Count];
        for (var i = likeliest.Length - 1; i >= 0; i--)
            likeliest[i] = best.Dequeue() is var id ? new TokenLogProb(id, logits[id] - logSum) : default;
        return (logits[token] - logSum, likeliest);
    }
}
