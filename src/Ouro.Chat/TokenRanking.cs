namespace Ouro.Chat;

/// <summary>Logits as probabilities, and which tokens are likeliest.</summary>
public static class TokenRanking
{
    /// <summary>The logarithm of the sum of exponentials, which turns logits into logarithms of probabilities; NaN counts for nothing.</summary>
    public static double LogSum(ReadOnlySpan<float> logits)
    {
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
            largest = Math.Max(largest, float.IsNaN(logit) ? float.NegativeInfinity : logit);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += float.IsNaN(logit) ? 0 : Math.Exp(logit - largest);
        return largest + Math.Log(sum);
    }

    /// <summary>The likeliest tokens, likeliest first; of equal ones the lower number.</summary>
    /// <param name="logSum">What <see cref="LogSum"/> says of the same logits.</param>
    /// <param name="count">Most tokens.</param>
    public static TokenLogProb[] Likeliest(ReadOnlySpan<float> logits, double logSum, int count)
    {
        var best = new PriorityQueue<int, (float, int)>();   // the worst of the best first; of equal ones the higher number
        for (var id = 0; id < logits.Length && count > 0; id++)
        {
            if (float.IsNaN(logits[id]))
                continue;
            if (best.Count < count)
                best.Enqueue(id, (logits[id], -id));
            else
                best.EnqueueDequeue(id, (logits[id], -id));
        }

        var likeliest = new TokenLogProb[best.Count];
        for (var i = likeliest.Length - 1; i >= 0; i--)
            likeliest[i] = best.Dequeue() is var id ? new TokenLogProb(id, logits[id] - logSum) : default;
        return likeliest;
    }
}
