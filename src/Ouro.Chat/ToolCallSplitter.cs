using System.Text;
using System.Text.Json;

namespace Ouro.Chat;

/// <summary>Takes calls of tools out of an answer as it comes: <c>&lt;tool_call&gt;{"name": ..., "arguments": {...}}&lt;/tool_call&gt;</c>. Not thread-safe.</summary>
/// <remarks>What stands between the tags and is not such an object stays in the text, tags included: nothing that a model wrote is lost.</remarks>
sealed class ToolCallSplitter
{
    /// <summary>Opens a call.</summary>
    public const string Open = "<tool_call>";

    /// <summary>Ends a call.</summary>
    public const string Close = "</tool_call>";

    const int LongestCall = 1 << 20;
    static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    readonly StringBuilder _held = new();
    bool _isInside;
    int _searched;      // of what is held, characters in which no closing tag begins
    int _count;

    /// <summary>True once a call was found.</summary>
    public bool HasFound => _count > 0;

    /// <summary>The text that can be shown now; calls that are complete are added to a list.</summary>
    public string Add(string chunk, List<ToolCall> calls)
    {
        _held.Append(chunk);
        var shown = new StringBuilder();
        while (true)
        {
            if (!_isInside && !FindOpening(shown))
                return shown.ToString();
            if (!FindClosing(shown, calls))
                return shown.ToString();
        }
    }

    /// <summary>Ends the answer: what was held back. An object that is complete but for its closing tag counts as a call.</summary>
    public string Flush(List<ToolCall> calls)
    {
        var rest = _held.ToString();
        _held.Clear();
        if (!_isInside)
            return rest;

        _isInside = false;
        if (Read(rest[Open.Length..]) is not { } call)
            return rest;
        calls.Add(call);
        return "";
    }

    bool FindOpening(StringBuilder shown)
    {
        var text = _held.ToString();
        var start = text.IndexOf(Open, StringComparison.Ordinal);
        var end = start >= 0 ? start : text.Length - PartOf(Open, text);
        shown.Append(text, 0, end);
        _held.Remove(0, end);
        (_isInside, _searched) = (start >= 0, Open.Length);
        return start >= 0;
    }

    bool FindClosing(StringBuilder shown, List<ToolCall> calls)
    {
        var text = _held.ToString();
        var end = text.IndexOf(Close, _searched, StringComparison.Ordinal);
        if (end < 0 && text.Length <= LongestCall)
        {
            _searched = Math.Max(Open.Length, text.Length - Close.Length);
            return false;
        }

        var whole = end < 0 ? text.Length : end + Close.Length;
        if (end >= 0 && Read(text[Open.Length..end]) is { } call)
            calls.Add(call);
        else
            shown.Append(text, 0, whole);
        _held.Remove(0, whole);
        _isInside = false;
        return true;
    }

    /// <summary>How much of a tag's beginning a text ends with.</summary>
    static int PartOf(string tag, string text)
    {
        for (var length = Math.Min(tag.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan().EndsWith(tag.AsSpan(0, length), StringComparison.Ordinal))
                return length;
        }

        return 0;
    }

    ToolCall? Read(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, Strict);
            if (json.RootElement is not { ValueKind: JsonValueKind.Object } root
                || !root.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            var arguments = root.TryGetProperty("arguments", out var found) ? found : default;
            var written = arguments.ValueKind switch
            {
                JsonValueKind.Object => arguments.GetRawText(),
                JsonValueKind.Undefined or JsonValueKind.Null => "{}",
                _ => null,
            };
            if (written is null)
                return null;

            _count++;
            return new ToolCall($"call_{Guid.NewGuid():N}", name.GetString()!, written);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
