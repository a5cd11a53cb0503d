namespace Ouro.Generation;

/// <summary>Decides after which loop the next token is guessed, from how often guesses held and what passes cost.</summary>
/// <remarks>
/// With guesses after loop d that hold with probability a, and D loops until a token's answer, a token follows its parent after d passes or, if
/// the guess was wrong, after D: (a d + (1 - a) D) passes a token. The rows that a pass then has are the loops that a token runs, those of
/// wrong guesses included, over that, and each pass reads out. Compared with no guessing at all: D passes a token, and one read-out.
/// </remarks>
/// <param name="loops">Most loops of a token.</param>
/// <param name="wanted">A loop, 0 for none, or -1 to find out.</param>
/// <param name="costs">Of passes over the stack, shared by all texts.</param>
/// <param name="readCosts">Of read-outs and of choosing from them.</param>
sealed class DraftPlan(int loops, int wanted, PassCosts costs, PassCosts readCosts)
{
    /// <summary>Tokens after which a plan without guesses listens again whether guesses would have held.</summary>
    const int ProbeEvery = 16;

    /// <summary>How much better another plan must be, so that noise changes nothing; to guess no more, it need only be better.</summary>
    const double Hysteresis = 0.99;

    /// <summary>What one more guess counts for, once there are many; the first ones count as in a plain average in which the belief held before stands for two.</summary>
    const double Rate = 1.0 / 12;
    const double BeliefCounts = 2;

    const double FirstBelief = 0.8;

    readonly double[] _agreement = NewBeliefs(loops);
    readonly int[] _observed = new int[loops];
    double _depth = loops;

    /// <summary>The loop after which guesses are made, from 1; 0 if none are.</summary>
    public int DraftLoops { get; private set; } = Math.Min(wanted < 0 ? 1 : wanted, loops - 1);

    /// <summary>True if this token is read after every loop, to learn what guesses would have been.</summary>
    public bool IsProbed(int position) => wanted < 0 && DraftLoops != 1 && position % ProbeEvery == 0;

    /// <summary>Learns from a token whose successor is now certain.</summary>
    /// <param name="guesses">What would have been said after each loop; -1 where nobody asked.</param>
    /// <param name="exitLoop">The loop from 1 that decided.</param>
    public void Learn(ReadOnlySpan<int> guesses, int exitLoop, int next)
    {
        _depth += (exitLoop - _depth) * Rate;
        for (var loop = 0; loop < exitLoop - 1; loop++)
        {
            if (guesses[loop] < 0)
                continue;

            _observed[loop]++;
            _agreement[loop] += ((guesses[loop] == next ? 1 : 0) - _agreement[loop]) * Math.Max(Rate, 1 / (BeliefCounts + _observed[loop]));
        }
    }

    /// <summary>Chooses again.</summary>
    /// <param name="fillsLate">True if a token runs all its loops whenever it is read.</param>
    /// <param name="texts">Texts that write in a pass, this one included, on average. All are taken to do as this one does: what pays for one alone may slow down all.</param>
    public void Choose(bool fillsLate, double texts)
    {
        if (wanted >= 0 || loops == 1)
            return;

        var run = fillsLate ? loops : _depth;
        var best = DraftLoops;
        var bestTime = TimePerToken(DraftLoops, run, texts) * Hysteresis;
        for (var draft = 0; draft < loops; draft++)
        {
            var time = TimePerToken(draft, run, texts) * (draft == 0 ? Hysteresis : 1);
            if (time < bestTime)
                (best, bestTime) = (draft, time);
        }

        DraftLoops = best;
    }

    double TimePerToken(int draft, double run, double texts)
    {
        if (draft == 0 || draft >= _depth)
            return _depth * costs.Of(texts * run / _depth) + Read(texts) / texts;

        var agreement = _agreement[draft - 1];
        var passes = agreement * draft + (1 - agreement) * _depth;
        var chain = (_depth - draft) / draft;                               // guesses that stand on one wrong guess when it is found out
        var wasted = (1 - agreement) * chain * (_depth - draft) / 2;
        var read = _depth - draft + 1 + wasted;                             // every loop from the guessing one on, until the answer
        return passes * (costs.Of(texts * (run + wasted) / passes) + Read(texts * read / passes));
    }

    double Read(double rows) => readCosts.IsMeasured ? readCosts.Of(rows) : 0;

    static double[] NewBeliefs(int loops)
    {
        // Deeper loops agree more often; how often is soon known.
        var beliefs = new double[loops];
        for (var i = 0; i < loops; i++)
            beliefs[i] = FirstBelief + (1 - FirstBelief) * i / loops;
        return beliefs;
    }
}
