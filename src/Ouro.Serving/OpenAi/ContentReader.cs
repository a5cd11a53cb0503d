using System.Text;
using System.Text.Json;
using Ouro.Chat;
using Ouro.Formats;

namespace Ouro.Serving;

/// <summary>The parts of messages that the chat and the responses interface share.</summary>
static class ContentReader
{
    const int MostParts = 4096;

    static readonly JsonDocumentOptions Depth = new() { MaxDepth = 64 };

    /// <summary>The text of a content: a string, or a list of text parts, which follow each other without anything between.</summary>
    public static string Text(RequestField content)
    {
        if (content.IsText)
            return content.Text();
        if (!content.IsList)
            throw content.Not("a string or a list of text parts");

        var text = new StringBuilder();
        foreach (var part in content.List(MostParts))
            text.Append(PartText(part));
        return text.ToString();
    }

    /// <summary>The arguments of an earlier call, as the JSON object that they must be.</summary>
    public static string Arguments(RequestField arguments)
    {
        var text = arguments.Text();
        if (string.IsNullOrWhiteSpace(text))
            return "{}";

        try
        {
            using var json = JsonDocument.Parse(text, Depth);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return json.RootElement.GetRawText();
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw OpenAiException.Bad(arguments.Path, $"{arguments.Path} is {text.Quoted}, but it must be a JSON object as text.");
    }

    static string PartText(RequestField part)
    {
        var type = part.Object().Need("type").Text();
        return type switch
        {
            "text" or "input_text" or "output_text" or "summary_text" or "reasoning_text" => part.Need("text").Text(),
            "refusal" => part.Need("refusal").Text(),
            "image_url" or "input_image" => throw Unreadable("an image"),
            "input_audio" => throw Unreadable("a sound"),
            "file" or "input_file" => throw Unreadable("a file"),
            _ => throw OpenAiException.Bad(part.Path, $"{part.Path} is of type {type.Quoted}, but only text can be read here."),
        };

        OpenAiException Unreadable(string what)
            => OpenAiException.Unsupported(part.Path, $"{part.Path} is {what}, but this model reads text only; send a description in words.");
    }

    /// <summary>A conversation as a model's Modelfile lets it begin: its system message where the request has none, then its messages, then the request's.</summary>
    public static IReadOnlyList<ChatTurn> Begin(CatalogModel entry, IReadOnlyList<ChatTurn> turns)
    {
        var own = turns is [{ Role: "system" }, ..] ? 1 : 0;
        var result = new List<ChatTurn>(turns.Take(own));
        if (own == 0 && !string.IsNullOrEmpty(entry.System))
            result.Add(new ChatTurn("system", entry.System));
        result.AddRange(entry.Messages);
        result.AddRange(turns.Skip(own));
        return result;
    }
}
