using System.Text.Json;

namespace Ouro.Text.Templates;

/// <summary>A call of a tool that the model made.</summary>
/// <param name="Id">What the tool's answer refers to, or null.</param>
/// <param name="Name">The function's name.</param>
/// <param name="Arguments">An object as a rule: templates expect its members, or write it as JSON themselves.</param>
public sealed record TemplateToolCall(string? Id, string Name, JsonElement Arguments);

/// <summary>One message as chat templates see it. All of it is data, a well-known role excepted.</summary>
/// <param name="Role">Any text; what a template does not know it may refuse.</param>
/// <param name="Content">None in the template if null, as beside calls of tools.</param>
public sealed record TemplateMessage(string Role, string? Content)
{
    /// <summary>What the model thought before it answered; undefined if null.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Calls the model made in this message; undefined if empty.</summary>
    public IReadOnlyList<TemplateToolCall> ToolCalls { get; init; } = [];

    /// <summary>Which call a tool's answer belongs to; undefined if null.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The name of the tool or person; undefined if null.</summary>
    public string? Name { get; init; }

    /// <summary>A message with nothing but role and content.</summary>
    public static TemplateMessage Of(ChatMessage message) => new(message.Role, message.Content);

    internal TemplateValue ToValue()
    {
        List<KeyValuePair<string, TemplateValue>> members =
        [
            new("role", TemplateContext.Role(Role)),
            new("content", Content is null ? TemplateValue.None : TemplateValue.Of(Content, isData: true)),
        ];
        AddIfStated(members, "reasoning_content", ReasoningContent);
        if (ToolCalls.Count > 0)
            members.Add(new("tool_calls", TemplateValue.List(ToolCalls.Select(CallValue), isData: true)));
        AddIfStated(members, "tool_call_id", ToolCallId);
        AddIfStated(members, "name", Name);
        return TemplateValue.Dictionary(members, isData: true);
    }

    static TemplateValue CallValue(TemplateToolCall call)
    {
        List<KeyValuePair<string, TemplateValue>> members = [];
        AddIfStated(members, "id", call.Id);
        members.Add(new("type", TemplateValue.Of("function", isData: true)));
        members.Add(new("function", TemplateValue.Dictionary(
            [new("name", TemplateValue.Of(call.Name, isData: true)), new("arguments", TemplateValue.FromJson(call.Arguments, isData: true))],
            isData: true)));
        return TemplateValue.Dictionary(members, isData: true);
    }

    static void AddIfStated(List<KeyValuePair<string, TemplateValue>> members, string name, string? value)
    {
        if (value is not null)
            members.Add(new(name, TemplateValue.Of(value, isData: true)));
    }
}
