namespace Ouro.Training.Data;

/// <summary>Packs the examples of a mixture into batches: whole examples, one behind the other, until the next does not fit.</summary>
/// <remarks>That next one begins the following batch. Uses the mixture alone, so nobody else may take from it. For one thread at a time.</remarks>
public sealed class Batches
{
    readonly Mixture _mixture;
    readonly int _rows;
    readonly int _longest;
    (Example Example, long[] Before)? _carried;

    /// <param name="mixture">Kept.</param>
    /// <param name="rows">Most rows of a batch, at least <paramref name="longest"/>.</param>
    /// <param name="longest">Most rows of an example, at least 1; what is longer loses its end.</param>
    public Batches(Mixture mixture, int rows, int longest)
    {
        ArgumentNullException.ThrowIfNull(mixture);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, longest);
        (_mixture, _rows, _longest) = (mixture, rows, longest);
    }

    /// <summary>Examples that lost their end since this object was made.</summary>
    public long CutCount { get; private set; }

    /// <summary>
    /// Examples of each source that are in batches already given out, in the order of the mixture's parts; setting it resumes there exactly.
    /// The array is a copy.
    /// </summary>
    /// <exception cref="ArgumentException">It does not fit the mixture.</exception>
    public long[] State
    {
        get => _carried is { } carried ? [.. carried.Before] : _mixture.State;
        set
        {
            _mixture.State = value;
            _carried = null;
        }
    }

    /// <summary>The next batch, of at least one example.</summary>
    public TokenBatch Next()
    {
        var examples = new List<Example>();
        var free = _rows;
        while (true)
        {
            var before = State;
            var example = _carried?.Example ?? Cut(_mixture.Next());
            if (example.RowCount > free)
            {
                _carried = (example, before);
                return TokenBatch.Of(examples);
            }

            _carried = null;
            examples.Add(example);
            free -= example.RowCount;
            if (free == 0)
                return TokenBatch.Of(examples);
        }
    }

    Example Cut(Example example)
    {
        if (example.RowCount <= _longest)
            return example;

        CutCount++;
        return example with { Ids = example.Ids[..(_longest + 1)] };
    }
}
