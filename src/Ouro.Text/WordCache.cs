namespace Ouro.Text;

/// <summary>Remembers the tokens of recent words. Bounded: each word has one place, and a newcomer takes it. Safe for any number of threads.</summary>
/// <remarks>Entries never change after they are published, so a reader sees a whole entry or none, without a lock.</remarks>
sealed class WordCache
{
    /// <summary>Longer words are rare and would make the memory bound weak; UTF-16 units.</summary>
    public const int LongestWord = 32;

    const int Places = 1 << 15;

    readonly Entry?[] _entries = new Entry?[Places];

    public bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        var entry = Volatile.Read(ref _entries[PlaceOf(word)]);
        if (entry is not null && word.SequenceEqual(entry.Word))
        {
            ids = entry.Ids;
            return true;
        }

        ids = default;
        return false;
    }

    public void Put(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
        => Volatile.Write(ref _entries[PlaceOf(word)], new Entry(word.ToString(), ids.ToArray()));

    // The framework's string hash is seeded per process, so no text can crowd one place on purpose.
    static int PlaceOf(ReadOnlySpan<char> word) => string.GetHashCode(word) & (Places - 1);

    sealed record Entry(string Word, int[] Ids);
}
