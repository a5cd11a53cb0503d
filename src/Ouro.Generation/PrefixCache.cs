using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>Keys and values of texts that were computed before, so that a text with the same beginning need not compute it again.</summary>
/// <remarks>
/// A tree of pages, each found by the tokens before and in it. Only what a full-depth run stored is kept, so a text never depends on what ran
/// before it. Whole pages are shared; a page of which only the beginning fits is copied. The pages used longest ago go first. Not thread-safe.
/// </remarks>
/// <param name="mostBytes">Most bytes of pages, those that are in use besides included.</param>
sealed class PrefixCache(long mostBytes) : IDisposable
{
    readonly Dictionary<KvShape, Node> _roots = [];
    readonly LinkedList<Node> _byUse = [];      // the latest first

    /// <summary>Bytes of the pages kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>Gives a text that has no pages yet those of its beginning.</summary>
    /// <returns>Tokens that they hold.</returns>
    public int Find(KvSequence kv, ReadOnlySpan<int> tokens)
    {
        if (kv.Pages.Count > 0 || !_roots.TryGetValue(kv.Shape, out var node))
            return 0;

        var found = 0;
        while (found < tokens.Length)
        {
            var (child, shared) = Longest(node, tokens[found..]);
            if (child is null)
                break;

            var isWhole = shared == KvPage.Positions;
            kv.Adopt(isWhole ? child.Page.Share() : child.Page.Copy());
            (node, found) = (child, found + shared);
            if (!isWhole)
                break;
        }

        Touch(node);
        return found;
    }

    /// <summary>Keeps the pages of a text's beginning.</summary>
    /// <param name="tokens">Tokens whose keys and values are those of a full-depth run.</param>
    /// <param name="withRest">True if the last page may be kept though it is not full, because nobody writes to it any more.</param>
    public void Keep(KvSequence kv, ReadOnlySpan<int> tokens, bool withRest)
    {
        if (mostBytes <= 0)
            return;
        if (!_roots.TryGetValue(kv.Shape, out var node))
            _roots[kv.Shape] = node = new Node([], page: null, parent: null);

        for (var first = 0; first < tokens.Length; first += KvPage.Positions)
        {
            var part = tokens.Slice(first, Math.Min(KvPage.Positions, tokens.Length - first));
            if (part.Length < KvPage.Positions && !withRest)
                break;

            node = Covering(node, part) ?? Add(node, part.ToArray(), kv.Pages[first / KvPage.Positions].Share());
        }

        Touch(node);
        Shrink(mostBytes);
    }

    /// <summary>Lets go of pages until so few bytes are left.</summary>
    public void Shrink(long bytes)
    {
        // Parents are used when their children are, and are touched after them: whoever comes last has no children.
        while (Bytes > bytes && _byUse.Last is { } last)
            Remove(last.Value);
    }

    public void Dispose() => Shrink(0);

    /// <summary>A page takes the place of one that holds only its beginning, so that a text which was left and taken up again is kept once.</summary>
    Node Add(Node parent, int[] tokens, KvPage page)
    {
        for (var i = parent.Children.Count - 1; i >= 0; i--)
        {
            if (tokens.AsSpan().StartsWith(parent.Children[i].Tokens))
                Remove(parent.Children[i]);   // it is not full, so nothing follows it
        }

        var node = new Node(tokens, page, parent);
        parent.Children.Add(node);
        node.Entry = _byUse.AddFirst(node);
        Bytes += node.Bytes;
        return node;
    }

    void Remove(Node node)
    {
        node.Parent!.Children.Remove(node);
        _byUse.Remove(node.Entry!);
        Bytes -= node.Bytes;
        node.Page.Dispose();
    }

    /// <summary>A page and those before it have been used now.</summary>
    void Touch(Node node)
    {
        for (var used = node; used.Entry is { } entry; used = used.Parent!)
        {
            _byUse.Remove(entry);
            _byUse.AddFirst(entry);
        }
    }

    /// <summary>The page that holds these tokens, and perhaps more behind them.</summary>
    static Node? Covering(Node node, ReadOnlySpan<int> tokens)
    {
        foreach (var child in node.Children)
        {
            if (child.Tokens.AsSpan().StartsWith(tokens))
                return child;
        }

        return null;
    }

    static (Node? Node, int Shared) Longest(Node node, ReadOnlySpan<int> tokens)
    {
        (Node? Node, int Shared) best = (null, 0);
        foreach (var child in node.Children)
        {
            var shared = child.Tokens.AsSpan().CommonPrefixLength(tokens);
            if (shared > best.Shared)
                best = (child, shared);
        }

        return best;
    }

    sealed class Node(int[] tokens, KvPage? page, Node? parent)
    {
        public int[] Tokens => tokens;

        /// <summary>Of a root nothing.</summary>
        public KvPage Page => page!;

        public Node? Parent => parent;

        /// <summary>What the page took when it was kept.</summary>
        public long Bytes { get; } = page?.BytesTaken ?? 0;

        public List<Node> Children { get; } = [];

        public LinkedListNode<Node>? Entry { get; set; }
    }
}
