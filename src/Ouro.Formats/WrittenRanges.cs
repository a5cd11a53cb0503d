namespace Ouro.Formats;

/// <summary>Which bytes of a tensor have been written, as ranges that do not touch. Not for several threads at once.</summary>
/// <remarks>Writers go forward, even in parallel, so there are only ever a few ranges.</remarks>
sealed class WrittenRanges
{
    readonly List<(long Start, long End)> _ranges = [];

    /// <summary>Adds a range; it may overlap what is there.</summary>
    public void Add(long start, long end)
    {
        if (start == end)
            return;

        var first = _ranges.FindIndex(range => range.End >= start);
        if (first < 0)
            first = _ranges.Count;

        var after = first;
        for (; after < _ranges.Count && _ranges[after].Start <= end; after++)
            (start, end) = (Math.Min(start, _ranges[after].Start), Math.Max(end, _ranges[after].End));

        _ranges.RemoveRange(first, after - first);
        _ranges.Insert(first, (start, end));
    }

    /// <summary>Where the first byte is missing from the <paramref name="length"/> that there must be; null when none is.</summary>
    public long? FirstGap(long length) => _ranges switch
    {
        _ when length == 0 => null,
        [(0, var end), ..] => end >= length ? null : end,
        _ => 0,
    };
}
