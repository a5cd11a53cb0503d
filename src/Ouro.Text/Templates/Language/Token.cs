namespace Ouro.Text.Templates;

/// <summary>What a piece of a template's source is.</summary>
enum TokenType
{
    /// <summary>Text that is printed as it stands.</summary>
    Text,

    /// <summary><c>{{</c>.</summary>
    ValueStart,

    /// <summary><c>}}</c>.</summary>
    ValueEnd,

    /// <summary><c>{%</c>.</summary>
    BlockStart,

    /// <summary><c>%}</c>.</summary>
    BlockEnd,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A text in quotes, its escapes resolved.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point or an exponent.</summary>
    Float,

    /// <summary>An operator or a bracket.</summary>
    Sign,

    /// <summary>The end of the source.</summary>
    End,
}

/// <summary>A piece of a template's source.</summary>
/// <param name="Place">Offset in the source.</param>
readonly record struct Token(TokenType Type, string Text, int Place);
