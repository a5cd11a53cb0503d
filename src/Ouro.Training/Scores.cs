using Ouro.Model;
using Ouro.Training.Data;

namespace Ouro.Training;

/// <summary>What some answers came to under one rule of reading them.</summary>
/// <param name="Asked">Answers that were asked for.</param>
/// <param name="Exact">Answers of which every token was right.</param>
/// <param name="Tokens">Tokens of the answers asked for.</param>
/// <param name="Depths">Loops after which these tokens were read, summed.</param>
public readonly record struct Score(long Asked, long Exact, long Tokens, long Depths)
{
    /// <summary>The share of exact answers, 0 to 1; NaN if nothing was asked.</summary>
    public double Share => Asked > 0 ? (double)Exact / Asked : double.NaN;

    /// <summary>Mean loop, from 1, after which an answer's token is read; NaN if nothing was asked.</summary>
    public double MeanDepth => Tokens > 0 ? (double)Depths / Tokens : double.NaN;

    /// <summary>Both together.</summary>
    public static Score operator +(Score left, Score right)
        => new(left.Asked + right.Asked, left.Exact + right.Exact, left.Tokens + right.Tokens, left.Depths + right.Depths);
}

/// <summary>How many answers a model gives exactly when it writes greedily: read after each loop, and under exit thresholds; by group of question.</summary>
/// <remarks>
/// Nothing is written for it. If every token of an answer is the likeliest one when the right tokens stand before it, greedy writing gives exactly this
/// answer, and if one is not, it does not. Loop t of a token sees loop t of the tokens before it and nothing deeper, so one pass at full depth says what
/// every smaller depth would answer; and it says what a threshold answers under which tokens are read early but their loops are completed
/// (keys and values at full depth: the policy "exact"). The depth counted is where a token is read, not the work that completion takes.
/// </remarks>
public sealed class Scores
{
    readonly SortedDictionary<int, Score[]> _byGroup = [];      // by group: [loops, then thresholds]
    readonly double[] _thresholds;

    /// <param name="loops">T, those that the model runs.</param>
    /// <param name="thresholds">A token is read at the first loop where the chance of having stopped reaches it, 0 to 1; at 1 after the last.</param>
    public Scores(int loops, params IReadOnlyList<double> thresholds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(loops, 1);
        foreach (var threshold in thresholds)
            if (!(threshold is > 0 and <= 1))
                throw new ArgumentOutOfRangeException(nameof(thresholds), threshold, "A threshold is a chance above 0, and at most 1.");

        (Loops, _thresholds) = (loops, [.. thresholds]);
    }

    /// <summary>T.</summary>
    public int Loops { get; }

    /// <summary>Those asked for, in their order.</summary>
    public IReadOnlyList<double> Thresholds => _thresholds;

    /// <summary>The groups that were asked, in order.</summary>
    public IReadOnlyCollection<int> Groups => _byGroup.Keys;

    /// <summary>Asks for the targets of examples, each of which is one answer.</summary>
    /// <param name="groupOf">The group of an example, such as the steps that its answer takes.</param>
    /// <param name="rowsAtOnce">About how many rows go through the model together; changes no result.</param>
    public void Ask(TrainingRun run, IEnumerable<Example> examples, Func<Example, int> groupOf, int rowsAtOnce = 2048)
    {
        var (some, rows) = (new List<Example>(), 0);
        foreach (var example in examples)
        {
            if (rows > 0 && rows + example.RowCount > rowsAtOnce)
            {
                Ask(run, some, groupOf);
                some.Clear();
                rows = 0;
            }

            some.Add(example);
            rows += example.RowCount;
        }

        if (rows > 0)
            Ask(run, some, groupOf);
    }

    /// <summary>The score of reading every token after the same loop.</summary>
    /// <param name="loop">From 1.</param>
    /// <param name="group">Null for all.</param>
    public Score AtDepth(int loop, int? group = null) => Sum(loop - 1, group);

    /// <summary>The score under a threshold.</summary>
    /// <param name="threshold">One of <see cref="Thresholds"/>.</param>
    /// <param name="group">Null for all.</param>
    public Score AtThreshold(double threshold, int? group = null)
        => Array.IndexOf(_thresholds, threshold) is >= 0 and var index
            ? Sum(Loops + index, group)
            : throw new ArgumentException($"Nothing was asked under the threshold {threshold}.", nameof(threshold));

    /// <summary>The share of exact answers that a mix of two neighbouring fixed depths would have at a mean depth: what a gate that knows nothing could do.</summary>
    /// <param name="meanDepth">1 to T.</param>
    /// <param name="group">Null for all.</param>
    public double FixedShareAt(double meanDepth, int? group = null)
    {
        var below = Math.Clamp((int)Math.Floor(meanDepth), 1, Loops);
        var above = Math.Min(below + 1, Loops);
        var part = Math.Clamp(meanDepth - below, 0, 1);
        return ((1 - part) * AtDepth(below, group).Share) + (part * AtDepth(above, group).Share);
    }

    Score Sum(int rule, int? group)
        => _byGroup.Where(one => group is null || one.Key == group).Aggregate(default(Score), (sum, one) => sum + one.Value[rule]);

    void Ask(TrainingRun run, List<Example> examples, Func<Example, int> groupOf)
    {
        var batch = TokenBatch.Of(examples);
        var readings = run.Read(batch);
        if (readings.Best.Length != Loops)
            throw new ArgumentException($"The model runs {readings.Best.Length} loops, but these scores are of {Loops}.", nameof(run));

        var (target, right) = (0, new bool[Loops]);
        for (var i = 0; i < examples.Count; i++)
        {
            var end = batch.Segments[i].Start + batch.Segments[i].Length;
            var own = Enumerable.Repeat(new Score(Asked: 1, Exact: 1, Tokens: 0, Depths: 0), Loops + _thresholds.Length).ToArray();
            for (; target < readings.Rows.Length && readings.Rows[target] < end; target++)
            {
                for (var loop = 0; loop < Loops; loop++)
                    right[loop] = readings.Best[loop][target] == batch.Targets[readings.Rows[target]];
                AddToken(readings, target, right, own);
            }

            var scores = Of(groupOf(examples[i]));
            for (var rule = 0; rule < scores.Length; rule++)
                scores[rule] += own[rule];
        }
    }

    void AddToken(Readings readings, int target, bool[] right, Score[] own)
    {
        for (var loop = 0; loop < Loops; loop++)
            own[loop] = With(own[loop], right, loop);

        var chances = new ExitChances();
        Span<double> stopped = stackalloc double[Loops];
        for (var loop = 0; loop < Loops; loop++)
        {
            chances.Add(readings.GateLogits[loop][target], isLast: loop == Loops - 1);
            stopped[loop] = chances.Cumulative;
        }

        for (var i = 0; i < _thresholds.Length; i++)
        {
            var loop = 0;
            while (loop < Loops - 1 && (_thresholds[i] >= 1 || stopped[loop] < _thresholds[i]))    // rounding can reach 1
                loop++;
            own[Loops + i] = With(own[Loops + i], right, loop);
        }
    }

    static Score With(Score score, bool[] right, int loop)
        => score with { Tokens = score.Tokens + 1, Depths = score.Depths + loop + 1, Exact = right[loop] ? score.Exact : 0 };

    Score[] Of(int group)
    {
        if (!_byGroup.TryGetValue(group, out var scores))
            _byGroup[group] = scores = new Score[Loops + _thresholds.Length];
        return scores;
    }
}
