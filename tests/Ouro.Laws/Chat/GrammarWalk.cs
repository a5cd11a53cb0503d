using Ouro.Chat;

namespace Ouro.Laws.Chat;

/// <summary>Writes by chance what a grammar allows.</summary>
static class GrammarWalk
{
    /// <summary>Chooses evenly among the allowed tokens so many times, then takes the shortest way to an end.</summary>
    public static byte[] Text(Grammar grammar, TokenTrie trie, Random random, int tokens)
    {
        var states = new GrammarStates(grammar);
        var masks = new MaskCache(trie, states, 1 << 20);
        var text = new List<byte>();
        var state = states.Start;
        for (; tokens > 0 && state.CanGoOn && !(state.IsComplete && random.Next(4) == 0); tokens--)
        {
            var allowed = Allowed(masks[state]);
            if (allowed.Count == 0)
                break;

            var bytes = trie.Tokenizer.BytesOf(allowed[random.Next(allowed.Count)]);
            text.AddRange(bytes);
            state = states.Next(state, bytes);
            state.IsDead.ShouldBeFalse();
        }

        while (!state.IsComplete)
        {
            var (best, next) = Enumerable.Range(0, 256).Select(value => ((byte)value, states.Next(state, (byte)value))).MinBy(way => way.Item2.Shortest);
            next.Shortest.ShouldBeLessThan(state.Shortest);
            text.Add(best);
            state = next;
        }

        return [.. text];
    }

    /// <summary>The tokens whose bits are set.</summary>
    public static List<int> Allowed(ReadOnlySpan<ulong> mask)
    {
        var allowed = new List<int>();
        for (var id = 0; id < mask.Length * 64; id++)
        {
            if ((mask[id / 64] >> (id % 64) & 1) != 0)
                allowed.Add(id);
        }

        return allowed;
    }
}
