using System.Text.Json;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Training.Data;

/// <summary>A document of a text file to learn from: either a text or a chat.</summary>
abstract record TrainingLine
{
    TrainingLine() { }

    public sealed record Document(string Text) : TrainingLine;

    public sealed record Chat(IReadOnlyList<ChatMessage> Messages) : TrainingLine;

    /// <summary>Not usable, and why: the end of a sentence, without full stop.</summary>
    public sealed record Bad(string Reason) : TrainingLine;

    /// <summary>Reads <c>{"text": ...}</c> or <c>{"messages": [{"role": ..., "content": ...}, ...]}</c>; other members are ignored.</summary>
    public static TrainingLine Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (JsonException)
        {
            return new Bad("it is not valid JSON");
        }
        catch (InvalidOperationException)   // what the reader throws for half a surrogate pair in an escape
        {
            return new Bad("a text in it is not valid Unicode");
        }
    }

    static TrainingLine Parse(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new Bad("it is not an object with a member 'text' or 'messages'");
        if (root.TryGetProperty("messages", out var messages))
            return ParseChat(messages);
        if (!root.TryGetProperty("text", out var text))
            return new Bad("it has no member 'text' or 'messages'");
        if (text.ValueKind != JsonValueKind.String)
            return new Bad("its 'text' is not a text");

        return text.GetString() is { Length: > 0 } content ? new Document(content) : new Bad("its 'text' is empty");
    }

    static TrainingLine ParseChat(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
            return new Bad("its 'messages' are not a list");

        var chat = new List<ChatMessage>();
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || TextOf(message, "role") is not { } role || TextOf(message, "content") is not { } content)
                return new Bad($"message {chat.Count + 1} has no 'role' and 'content' that are texts");
            if (!ChatMessage.Roles.Contains(role))
                return new Bad($"message {chat.Count + 1} has the role {role.Quoted}, which is none of {string.Join(", ", ChatMessage.Roles)}");

            chat.Add(new ChatMessage(role, content));
        }

        return chat.Any(message => message.Role == ChatMessage.Assistant) ? new Chat(chat) : new Bad("no message is by the assistant, so there is nothing to learn");
    }

    static string? TextOf(JsonElement element, string name)
        => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Turns documents into tokens.</summary>
sealed class LineEncoder
{
    readonly Tokenizer _tokenizer;
    readonly ChatMl? _chat;
    readonly int _documentEnd;
    readonly int _turnEnd;
    readonly int[] _newline;

    /// <exception cref="ArgumentException">The vocabulary has no end of text.</exception>
    public LineEncoder(Tokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _chat = ChatMl.FitsIn(tokenizer.Vocabulary) ? new ChatMl(tokenizer) : null;
        _documentEnd = tokenizer.Vocabulary.FindSpecial(KnownTokens.EndOfText)
            ?? throw new ArgumentException($"The vocabulary has no special token {KnownTokens.EndOfText}, which ends documents.", nameof(tokenizer));
        _turnEnd = tokenizer.Vocabulary.FindSpecial(KnownTokens.TurnEnd) ?? 0;
        _newline = tokenizer.Encode("\n");
    }

    /// <summary>The example of a line, or why there is none.</summary>
    public (Example? Example, string? Problem) Encode(TrainingLine line) => line switch
    {
        TrainingLine.Document document => Checked(new Example([.. _tokenizer.Encode(document.Text), _documentEnd])),
        TrainingLine.Chat when _chat is null => (null, "it is a chat, but the vocabulary has no tokens for turns"),
        TrainingLine.Chat chat => Checked(EncodeChat(_chat, chat.Messages)),
        TrainingLine.Bad bad => (null, bad.Reason),
        _ => throw new InvalidOperationException($"Unknown line {line.GetType().Name}."),
    };

    static (Example?, string?) Checked(Example example)
        => example.Ids.Length >= 2 ? (example, null) : (null, "the vocabulary has no token for any of its text");

    /// <summary>Asked for are the contents of the assistant's turns and the tokens that end them; the last turn's newline is left out.</summary>
    Example EncodeChat(ChatMl format, IReadOnlyList<ChatMessage> messages)
    {
        var (ids, asked) = (new List<int>(), new List<bool>());
        foreach (var message in messages)
        {
            if (message.Role != ChatMessage.Assistant)
            {
                Add(format.Encode([message], NextTurn.None), isAsked: false);
                continue;
            }

            // As when a reply is written: the head is given, and what follows is encoded by itself.
            Add(format.Encode([], NextTurn.Assistant), isAsked: false);
            Add([.. _tokenizer.Encode(message.Content), _turnEnd], isAsked: true);
            Add(_newline, isAsked: false);
        }

        var length = asked.LastIndexOf(true) + 1;   // what nobody answers any more is not worth reading
        return new Example([.. ids[..length]], asked.IndexOf(true), [.. asked[..length]]);

        void Add(int[] tokens, bool isAsked)
        {
            ids.AddRange(tokens);
            asked.AddRange(Enumerable.Repeat(isAsked, tokens.Length));
        }
    }
}
