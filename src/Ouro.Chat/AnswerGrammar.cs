using System.Text.Json;

namespace Ouro.Chat;

/// <summary>What an answer must look like, as a grammar.</summary>
static class AnswerGrammar
{
    /// <summary>The grammar of a request; null if its answer is free. A call that is required comes before a form.</summary>
    /// <exception cref="ChatException">A schema cannot be kept to, or the required function is not among the tools.</exception>
    public static Grammar? Of(ChatRequest request)
        => request.ToolUse == ToolUse.Required ? Explained(() => Calls(request)) : request.Form is { } form ? Of(form) : null;

    /// <summary>The grammar of a form.</summary>
    /// <exception cref="ChatException">Its schema cannot be kept to.</exception>
    public static Grammar Of(AnswerForm form) => Explained(() => form.Schema is { } schema ? Grammar.FromSchema(schema) : Grammar.AnyJson());

    static Grammar Explained(Func<Grammar> make)
    {
        try
        {
            return make();
        }
        catch (SchemaException problem)
        {
            throw new ChatException(problem.Message);
        }
    }

    static Grammar Calls(ChatRequest request)
    {
        var tools = request.Tools.Where(tool => request.RequiredTool is null || tool.Name == request.RequiredTool).ToArray();
        if (tools.Length == 0)
        {
            throw new ChatException(request.RequiredTool is { } name
                ? $"the function '{name}' must be called, but it is not among the tools; add it or name another."
                : "a function must be called, but there are no tools; give some.");
        }

        return Grammar.OneOf([.. tools.Select(Call)]);
    }

    static Grammar Call(ToolDefinition tool)
    {
        var name = JsonSerializer.Serialize(tool.Name, ChatJson.Default.String);
        return Grammar.Sequence(
            Grammar.Literal($"{ToolCallSplitter.Open}\n{{\"name\": {name}, \"arguments\": "),
            tool.Parameters.ValueKind == JsonValueKind.Undefined ? Grammar.Literal("{}") : Grammar.FromSchema(tool.Parameters),
            Grammar.Literal($"}}\n{ToolCallSplitter.Close}"));
    }
}
