namespace Ouro.Text.Templates;

/// <summary>A list, or a tuple, which differs in how it prints and what it equals.</summary>
/// <remarks>Lists that a template makes can be appended to; they belong to one rendering. Lists from outside are frozen, since renderings share them.</remarks>
sealed class ListValue(List<TemplateValue> items, bool isData = false, bool isTuple = false) : TemplateValue
{
    public IReadOnlyList<TemplateValue> Items => items;

    public bool IsTuple => isTuple;

    public bool IsFrozen { get; private init; }

    internal override string Kind => isTuple ? "a tuple" : "a list";

    internal override bool IsTrue => items.Count > 0;

    /// <summary>Whether its length comes from outside; items know for themselves.</summary>
    internal override bool IsData => isData;

    public static ListValue Frozen(IEnumerable<TemplateValue> items, bool isData) => new([.. items], isData) { IsFrozen = true };

    public static ListValue Tuple(params TemplateValue[] items) => new([.. items], isTuple: true);

    public void Append(TemplateValue item) => items.Add(item);
}

/// <summary>A dictionary that keeps the order of its keys.</summary>
/// <param name="isData">Whether its keys were chosen outside the template.</param>
sealed class DictionaryValue(bool isData = false) : TemplateValue
{
    readonly List<KeyValuePair<TemplateValue, TemplateValue>> _members = [];
    readonly Dictionary<object, int> _places = [];

    public IReadOnlyList<KeyValuePair<TemplateValue, TemplateValue>> Members => _members;

    internal override string Kind => "a dictionary";

    internal override bool IsTrue => _members.Count > 0;

    internal override bool IsData => isData;

    /// <summary>The value under a key, or null.</summary>
    /// <param name="key">One of <see cref="CanBeKey"/>.</param>
    public TemplateValue? Find(TemplateValue key) => _places.TryGetValue(KeyOf(key), out var place) ? _members[place].Value : null;

    public TemplateValue? Find(string key) => _places.TryGetValue(key, out var place) ? _members[place].Value : null;

    /// <summary>Only while it is being made.</summary>
    public void Set(TemplateValue key, TemplateValue value)
    {
        var identity = KeyOf(key);
        if (_places.TryGetValue(identity, out var place))
        {
            _members[place] = new(_members[place].Key, value);
            return;
        }

        _places.Add(identity, _members.Count);
        _members.Add(new(key, value));
    }

    public static bool CanBeKey(TemplateValue value) => value is TextValue or FlagValue or IntegerValue or FloatValue or NoneValue;

    /// <summary>Keys that Python calls equal are one object: <c>1</c>, <c>1.0</c> and <c>True</c>.</summary>
    static object KeyOf(TemplateValue key) => key switch
    {
        TextValue text => text.Text,
        FlagValue flag => (Int128)(flag.Value ? 1 : 0),
        IntegerValue integer => integer.Value,
        FloatValue number when double.IsInteger(number.Value) && double.Abs(number.Value) < 1e38 => (Int128)number.Value,
        FloatValue number => number.Value,
        NoneValue => NoneValue.Instance,
        _ => key,
    };
}

/// <summary>What <c>namespace()</c> makes: the one place that blocks may assign to from inside a loop.</summary>
sealed class NamespaceValue : TemplateValue
{
    readonly Dictionary<string, TemplateValue> _members = [];

    internal override string Kind => "a namespace";

    public TemplateValue? Find(string name) => _members.GetValueOrDefault(name);

    public void Set(string name, TemplateValue value) => _members[name] = value;
}

/// <summary>Anything that can be called: a macro, a method of a value, a function of the language.</summary>
sealed class FunctionValue(string name, Func<Arguments, TemplateValue> call) : TemplateValue
{
    public string Name => name;

    internal override string Kind => $"the function {name}";

    public TemplateValue Call(Arguments arguments) => call(arguments);
}

/// <summary>What <c>loop</c> is inside a loop, for one of its rounds.</summary>
/// <param name="index">From 0.</param>
sealed class LoopValue(IReadOnlyList<TemplateValue> items, int index) : TemplateValue
{
    internal override string Kind => "a loop";

    public TemplateValue? Find(string name) => name switch
    {
        "index" => new IntegerValue(index + 1),
        "index0" => new IntegerValue(index),
        "revindex" => new IntegerValue(items.Count - index),
        "revindex0" => new IntegerValue(items.Count - index - 1),
        "first" => FlagValue.Of(index == 0),
        "last" => FlagValue.Of(index == items.Count - 1),
        "length" => new IntegerValue(items.Count),
        "depth" => new IntegerValue(1),     // counts recursion, which is not known here, not nesting
        "depth0" => new IntegerValue(0),
        "previtem" => index > 0 ? items[index - 1] : new UndefinedValue("loop.previtem"),
        "nextitem" => index + 1 < items.Count ? items[index + 1] : new UndefinedValue("loop.nextitem"),
        "cycle" => new FunctionValue("loop.cycle", arguments => arguments.Count > 0
            ? arguments[index % arguments.Count]!
            : throw arguments.Run.Fault("loop.cycle has no items to choose from.")),
        _ => null,
    };
}
