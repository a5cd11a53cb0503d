namespace Ouro.Chat;

/// <summary>The parts of one grammar while it is made: counts them, and measures them when all are there.</summary>
sealed class NodeSet
{
    /// <summary>Most parts of a grammar; far above what real schemas need, and some ten megabytes.</summary>
    public const int Most = 100_000;

    readonly List<Node> _nodes = [];

    /// <summary>Adds a part; its own parts must be there already, but for those behind references.</summary>
    /// <exception cref="SchemaException">There are too many.</exception>
    public T Add<T>(T node)
        where T : Node
    {
        if (_nodes.Count == Most)
            throw new SchemaException("#", $"the schema unfolds into more than {Most:N0} parts; use $ref for what occurs again, or fewer alternatives");

        _nodes.Add(node);
        return node;
    }

    /// <summary>One after the other.</summary>
    public SequenceNode Sequence(params Node[] items) => Add(new SequenceNode(items));

    /// <summary>Any one of them.</summary>
    public ChoiceNode Choice(params Node[] alternatives) => Add(new ChoiceNode(alternatives));

    /// <summary>A part several times.</summary>
    public RepeatNode Repeat(Node body, int least, int most) => Add(new RepeatNode(body, least, most));

    /// <summary>A part or nothing.</summary>
    public RepeatNode Optional(Node body) => Repeat(body, 0, 1);

    /// <summary>Measures all parts: each once, and again whenever one that it is made of has become shorter.</summary>
    public void Measure()
    {
        var users = new Dictionary<Node, List<Node>>();
        foreach (var node in _nodes)
        {
            foreach (var part in node.Parts)
            {
                if (!users.TryGetValue(part, out var list))
                    users.Add(part, list = []);
                list.Add(node);
            }
        }

        var open = new Queue<Node>(_nodes);
        var isOpen = new HashSet<Node>(_nodes);
        while (open.TryDequeue(out var node))
        {
            isOpen.Remove(node);
            if (!node.Measure() || !users.TryGetValue(node, out var list))
                continue;

            foreach (var user in list.Where(isOpen.Add))
                open.Enqueue(user);
        }
    }
}
