using Ouro.Formats;

namespace Ouro.Text;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Content">Any text; it never becomes a special token.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>Instructions for the whole conversation.</summary>
    public const string System = "system";

    /// <summary>The person.</summary>
    public const string User = "user";

    /// <summary>The model.</summary>
    public const string Assistant = "assistant";

    /// <summary>The result of a tool call.</summary>
    public const string Tool = "tool";

    /// <summary>All roles there are.</summary>
    public static IReadOnlyList<string> Roles { get; } = [System, User, Assistant, Tool];

    /// <summary>One of <see cref="Roles"/>.</summary>
    /// <exception cref="ArgumentException">It is none of them.</exception>
    public string Role { get; init => field = Check(value); } = Check(Role);

    static string Check(string role) => Roles.Contains(role)
        ? role
        : throw new ArgumentException($"The role is {Quoting.Quote(role)}; expected one of {string.Join(", ", Roles)}.", nameof(role));
}
