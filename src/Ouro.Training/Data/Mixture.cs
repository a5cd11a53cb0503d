namespace Ouro.Training.Data;

/// <summary>A source in a <see cref="Mixture"/>.</summary>
/// <param name="Source">Kept; asked for its examples in order of number.</param>
/// <param name="Weight">Its share, relative to the other weights; finite, not negative. 0 leaves it out.</param>
public readonly record struct Part(IExampleSource Source, double Weight);

/// <summary>Examples from several sources, each in its share.</summary>
/// <remarks>
/// Which source gives example n is a hash of (seed, n), compared with the weights; it gives its own next number. So the counts so far are all there is
/// to remember, and a run that resumes with them goes on exactly as if it had not stopped. For one thread at a time.
/// </remarks>
public sealed class Mixture
{
    readonly ulong _seed;
    readonly Part[] _parts;
    readonly double _total;
    readonly long[] _taken;
    long _number;

    /// <exception cref="ArgumentException">There is no part, a weight is negative or not finite, or all are 0.</exception>
    public Mixture(ulong seed, params IReadOnlyList<Part> parts)
    {
        (_seed, _parts, _taken) = (seed, [.. parts], new long[parts.Count]);
        foreach (var part in _parts)
            if (!double.IsFinite(part.Weight) || part.Weight < 0)
                throw new ArgumentException($"A source has the weight {part.Weight}; weights are finite and not negative.", nameof(parts));

        _total = _parts.Sum(part => part.Weight);
        if (_total <= 0)
            throw new ArgumentException("A mixture needs at least one source whose weight is above 0.", nameof(parts));
    }

    /// <summary>Examples taken from each source so far, in the order of the parts; setting it resumes there. The array is a copy.</summary>
    /// <exception cref="ArgumentException">It has not one number for each source, or one is negative.</exception>
    public long[] State
    {
        get => [.. _taken];
        set
        {
            if (value.Length != _taken.Length)
                throw new ArgumentException(
                    $"The state is of {value.Length} sources, but this mixture has {_taken.Length}; resume with the sources of the run that was interrupted.",
                    nameof(value));
            foreach (var taken in value)
                ArgumentOutOfRangeException.ThrowIfNegative(taken, nameof(value));

            value.CopyTo(_taken, 0);
            _number = value.Sum();
        }
    }

    /// <summary>Takes the next example.</summary>
    public Example Next()
    {
        var part = PartOf(_number++);
        return _parts[part].Source[_taken[part]++];
    }

    int PartOf(long number)
    {
        const double Step = 1.0 / (1L << 53);
        var at = (Draws.Hash(_seed, number) >> 11) * Step * _total;
        var last = 0;
        for (var part = 0; part < _parts.Length; part++)
        {
            var weight = _parts[part].Weight;
            if (weight == 0)
                continue;
            if (at < weight)
                return part;

            at -= weight;
            last = part;   // where rounding leads past the end
        }

        return last;
    }
}
