namespace Ouro.Text.Templates;

/// <summary>What a name or member is that nobody has set: it prints as nothing, and most uses of it are mistakes.</summary>
/// <param name="name">How the template called it, for messages.</param>
sealed class UndefinedValue(string name) : TemplateValue
{
    public string Name => name;

    internal override string Kind => $"{name}, which is undefined";

    internal override bool IsTrue => false;
}

/// <summary>Python's <c>None</c>.</summary>
sealed class NoneValue : TemplateValue
{
    public static readonly NoneValue Instance = new();

    internal override string Kind => "none";

    internal override bool IsTrue => false;
}

/// <summary>True or false.</summary>
sealed class FlagValue(bool value, bool isData = false) : TemplateValue
{
    public static readonly FlagValue True = new(true);

    public static readonly FlagValue False = new(false);

    public bool Value => value;

    internal override string Kind => "a truth value";

    internal override bool IsTrue => value;

    internal override bool IsData => isData;

    public static FlagValue Of(bool value) => value ? True : False;
}

/// <summary>A whole number. 127 bits hold every integer that JSON schemas are seen with, unsigned 64-bit limits included.</summary>
sealed class IntegerValue(Int128 value, bool isData = false) : TemplateValue
{
    public Int128 Value => value;

    internal override string Kind => "an integer";

    internal override bool IsTrue => value != 0;

    internal override bool IsData => isData;
}

/// <summary>A floating-point number.</summary>
sealed class FloatValue(double value, bool isData = false) : TemplateValue
{
    public double Value => value;

    internal override string Kind => "a number";

    internal override bool IsTrue => value != 0;

    internal override bool IsData => isData;
}
