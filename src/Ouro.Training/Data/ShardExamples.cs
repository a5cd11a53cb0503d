namespace Ouro.Training.Data;

/// <summary>The documents of a set of shards in random order, a new one in every epoch; long documents are cut into windows.</summary>
/// <remarks>
/// A window has at most S + 1 tokens, so it gives at most S rows; the last token of a window is the first of the next, so that each token of a document but the
/// first is a target once. A window of a chat may hold no target. Example n is a function of (shards, S, seed, n).
/// </remarks>
public sealed class ShardExamples : IExampleSource
{
    readonly TokenShards _shards;
    readonly ulong _seed;
    readonly int _rows;
    readonly long[] _firstWindows;   // by document, and one more: all windows
    (long Epoch, Permutation Order) _current;

    /// <param name="shards">Kept; not disposed.</param>
    /// <param name="rows">S, at least 1.</param>
    public ShardExamples(TokenShards shards, int rows, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(shards);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        (_shards, _rows, _seed) = (shards, rows, seed);
        _firstWindows = new long[shards.DocumentCount + 1];
        for (var document = 0L; document < shards.DocumentCount; document++)
            _firstWindows[document + 1] = _firstWindows[document] + ((shards.LengthOf(document) - 2) / rows) + 1;

        _current = (0, new Permutation(seed, 0, EpochLength));
    }

    /// <summary>Examples of one epoch: windows of all documents.</summary>
    public long EpochLength => _firstWindows[^1];

    /// <inheritdoc/>
    public Example this[long number]
    {
        get
        {
            var (epoch, place) = Math.DivRem(number, EpochLength);
            if (_current.Epoch != epoch)
                _current = (epoch, new Permutation(_seed, epoch, EpochLength));

            var window = _current.Order[place];
            var found = Array.BinarySearch(_firstWindows, window);
            var document = found >= 0 ? found : ~found - 1;   // every document has a window, so no two entries are equal
            var start = (int)(window - _firstWindows[document]) * _rows;
            return _shards.Read(document, start, int.Min(_rows, _shards.LengthOf(document) - start - 1) + 1);
        }
    }
}
