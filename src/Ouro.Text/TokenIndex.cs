namespace Ouro.Text;

/// <summary>Finds the id of a token by its spelling: open addressing with linear probing, at most half full.</summary>
/// <remarks>
/// The framework's dictionary does the same; with this one a vocabulary opens in less than half the time, since it looks at a string only
/// when the hash agrees. The hash is seeded per process, so no file can crowd one place on purpose.
/// </remarks>
sealed class TokenIndex
{
    /// <summary>No token has this spelling.</summary>
    public const int Missing = -1;

    readonly string[] _tokens;
    readonly ulong[] _places;   // hash in the upper half, id + 1 in the lower; 0 is free
    readonly int _mask;

    /// <param name="tokens">By id. Kept, not copied.</param>
    public TokenIndex(string[] tokens)
    {
        _tokens = tokens;
        _places = new ulong[1 << int.Max(2, 33 - int.LeadingZeroCount(tokens.Length))];
        _mask = _places.Length - 1;
    }

    /// <summary>The id of the token so spelled, or <see cref="Missing"/>.</summary>
    public int Find(ReadOnlySpan<char> token)
        => (int)(uint)_places[PlaceOf(token, (uint)string.GetHashCode(token))] - 1;

    /// <summary>Enters a token; false, and nothing changed, if its spelling has an id already.</summary>
    public bool TryAdd(int id)
    {
        var hash = (uint)string.GetHashCode(_tokens[id].AsSpan());
        var place = PlaceOf(_tokens[id], hash);
        if (_places[place] != 0)
            return false;

        _places[place] = ((ulong)hash << 32) | (uint)(id + 1);
        return true;
    }

    /// <summary>Where the token is, or the free place where it would go.</summary>
    int PlaceOf(ReadOnlySpan<char> token, uint hash)
    {
        var place = (int)hash & _mask;
        while (_places[place] is not 0 and var entry && !((uint)(entry >> 32) == hash && token.SequenceEqual(_tokens[(int)(uint)entry - 1])))
            place = (place + 1) & _mask;

        return place;
    }
}
