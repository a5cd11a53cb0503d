using Ouro.Chat;
using Ouro.Formats;

namespace Ouro.Serving;

/// <summary>The functions of a request, and what is wanted of them.</summary>
/// <param name="Tools">The functions.</param>
/// <param name="Use">Whether they are called.</param>
/// <param name="Required">The one that must be, or null.</param>
/// <param name="IsParallel">False if one call a reply is all that is wanted.</param>
sealed record RequestTools(IReadOnlyList<ToolDefinition> Tools, ToolUse Use, string? Required, bool IsParallel)
{
    const int MostTools = 128;
    const int LongestName = 128;

    /// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
    /// <param name="isFlat">True where name and parameters stand in the tool itself, as in responses; false where in its <c>function</c>.</param>
    /// <exception cref="OpenAiException">One of them is not as it must be.</exception>
    public static RequestTools Read(RequestField request, bool isFlat)
    {
        var tools = new List<ToolDefinition>();
        foreach (var tool in request.Find("tools")?.List(MostTools) ?? [])
            tools.Add(ReadOne(tool.Object(), isFlat));

        var (use, required) = ReadChoice(request, isFlat);
        if (use == ToolUse.Required && tools.Count == 0)
            throw OpenAiException.Bad("tool_choice", "tool_choice wants a call, but the request has no tools.");
        if (required is not null && tools.TrueForAll(tool => tool.Name != required))
            throw OpenAiException.Bad("tool_choice", $"tool_choice names {required.Quoted}, but there is no such function in tools.");
        return new RequestTools(tools, use, required, request.Find("parallel_tool_calls")?.Flag() ?? true);
    }

    /// <summary>Of the calls in a piece, those that are wanted.</summary>
    /// <param name="before">Calls so far.</param>
    public IEnumerable<ToolCall> Wanted(IReadOnlyList<ToolCall> calls, int before) => IsParallel ? calls : calls.Take(before == 0 ? 1 : 0);

    static ToolDefinition ReadOne(RequestField tool, bool isFlat)
    {
        var type = tool.Need("type").Text();
        if (type != "function")
            throw OpenAiException.Unsupported($"{tool.Path}.type", $"{tool.Path}.type is {type.Quoted}, but only functions can be called here.");

        var function = isFlat ? tool : tool.Need("function").Object();
        var name = function.Need("name");
        if (name.Text().Length is 0 or > LongestName)
            throw OpenAiException.Bad(name.Path, $"{name.Path} has {name.Text().Length:N0} characters, but a function's name must have 1 to {LongestName}.");
        return new ToolDefinition(name.Text(), function.Find("description")?.Text(), function.Find("parameters")?.Object().Value ?? default);
    }

    static (ToolUse Use, string? Required) ReadChoice(RequestField request, bool isFlat)
    {
        if (request.Find("tool_choice") is not { } choice)
            return (ToolUse.Auto, null);
        if (choice.IsText)
        {
            return choice.Word("auto", "none", "required") switch
            {
                "none" => (ToolUse.None, null),
                "required" => (ToolUse.Required, null),
                _ => (ToolUse.Auto, null),
            };
        }

        if (!choice.IsObject)
            throw choice.Not("auto, none, required or an object that names a function");
        choice.Need("type").Word("function");
        return (ToolUse.Required, (isFlat ? choice : choice.Need("function").Object()).Need("name").Text());
    }
}
