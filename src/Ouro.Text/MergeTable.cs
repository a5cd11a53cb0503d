namespace Ouro.Text;

/// <summary>Finds the rank of a pair of tokens: open addressing with linear probing, at most half full.</summary>
sealed class MergeTable
{
    /// <summary>Greater than every rank: the pair does not merge.</summary>
    public const int NoMerge = int.MaxValue;

    const ulong Empty = ulong.MaxValue;   // no pair of ids, since ids are not negative

    // Differs from run to run, so that no file can be made whose pairs all fall into one place.
    static readonly ulong Multiplier = ((ulong)(uint)HashCode.Combine(1) << 32) | (uint)HashCode.Combine(2) | 1;

    readonly ulong[] _pairs;
    readonly int[] _ranks;
    readonly int[] _products;   // by rank
    readonly int _shift;

    public MergeTable(int count)
    {
        var bits = int.Max(2, 33 - int.LeadingZeroCount(count));
        _pairs = new ulong[1 << bits];
        _ranks = new int[1 << bits];
        _products = new int[count];
        _shift = 64 - bits;
        Array.Fill(_pairs, Empty);
    }

    public int ProductOf(int rank) => _products[rank];

    public int RankOf(int left, int right)
    {
        var pair = Pair(left, right);
        var place = PlaceOf(pair);
        return _pairs[place] == pair ? _ranks[place] : NoMerge;
    }

    /// <summary>False, and nothing changed, if the pair has a rank already.</summary>
    public bool TryAdd(Merge merge, int rank)
    {
        var pair = Pair(merge.Left, merge.Right);
        var place = PlaceOf(pair);
        if (_pairs[place] == pair)
            return false;

        (_pairs[place], _ranks[place], _products[rank]) = (pair, rank, merge.Product);
        return true;
    }

    static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    /// <summary>Where the pair is, or the free place where it would go.</summary>
    int PlaceOf(ulong pair)
    {
        var pairs = _pairs;
        var place = (int)((pair * Multiplier) >> _shift);
        while (pairs[place] != pair && pairs[place] != Empty)
            place = (place + 1) & (pairs.Length - 1);

        return place;
    }
}
