using System.Text.RegularExpressions;
using Ouro.Serving.Store;
using Spectre.Console;

namespace Ouro.Cli.Replies;

/// <summary>Asks, answers and obeys until the person leaves.</summary>
sealed partial class ChatLoop
{
    const string Fence = Modelfile.Fence;

    readonly Conversation _conversation;
    readonly IChatInput _input;
    readonly ChatCommands _commands;
    bool _isWrong;

    public ChatLoop(Conversation conversation, IChatInput input)
    {
        (_conversation, _input, _commands) = (conversation, input, new ChatCommands(conversation));
        conversation.ShowsDepth = true;
    }

    /// <returns>The exit code: 0, or 1 if lines came from a pipe and one of them could not be used.</returns>
    public async Task<int> Run()
    {
        if (!_conversation.Engine.IsChat)
            throw new UserErrorException("this model has no chat format, so it cannot hold a conversation. Give it a text to continue: ouro run MODEL \"Once upon a time\".");

        if (_input.IsTerminal)
            Front.Messages.MarkupLine("[dim]Ask away. /help shows what else there is; Ctrl-C ends a reply, Ctrl-D the conversation.[/]");
        while (await Message().ConfigureAwait(false) is { } text && !ChatCommands.IsFarewell(text))
        {
            // A person may go on after an interrupt; lines from a pipe are not to be sent after one that was.
            if (!string.IsNullOrWhiteSpace(text) && !await Take(text).ConfigureAwait(false) && !_input.IsTerminal)
                return Front.Interrupted;
        }

        return _isWrong && !_input.IsTerminal ? 1 : 0;
    }

    /// <returns>False if it was interrupted.</returns>
    async Task<bool> Take(string text)
    {
        try
        {
            if (!text.StartsWith('/'))
                return await _conversation.Answer(text).ConfigureAwait(false);

            return await _commands.Run(text).ConfigureAwait(false);
        }
        catch (Exception problem) when (Front.IsMendable(problem))
        {
            _isWrong = true;
            Console.Error.WriteLine($"ouro: {Front.Sentence(problem)}");
            return true;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("[interrupted]");
            return false;
        }
    }

    /// <summary>A line, or the lines from three quotes to a line that ends with them; null at the end, nothing if it was thrown away.</summary>
    async Task<string?> Message()
    {
        Interrupts.Renew();
        var (text, isDropped) = await _input.Read(">>> ").ConfigureAwait(false);
        if (isDropped)
            return "";

        if (text is null || Opening().Match(text) is not { Success: true } opening)
            return text;

        var rest = text[opening.Length..];
        while (!rest.TrimEnd().EndsWith(Fence, StringComparison.Ordinal))
        {
            (text, isDropped) = await _input.Read(LineEditor.Continuation).ConfigureAwait(false);
            if (isDropped || (text is null && _input.IsTerminal))
                return "";
            if (text is null)
                throw new UserErrorException($"a text is opened with {Fence} and not closed. End its last line with {Fence}.");
            rest += "\n" + text;
        }

        return opening.Groups[1].Value + rest.TrimEnd()[..^Fence.Length].Trim('\n');
    }

    /// <summary>Three quotes where a message or the value of a /set begins.</summary>
    [GeneratedRegex("^(|/set +(?:parameter +)?\\S+ +)\"\"\"")]
    private static partial Regex Opening();
}

/// <summary>What came when a line was asked for.</summary>
/// <param name="Text">The line, or lines; null at the end.</param>
/// <param name="IsDropped">True if the person threw it away.</param>
readonly record struct ChatLine(string? Text, bool IsDropped = false);

/// <summary>Where a conversation's lines come from.</summary>
interface IChatInput
{
    /// <summary>True where a person types.</summary>
    bool IsTerminal { get; }

    /// <summary>The next line, or lines.</summary>
    /// <exception cref="OperationCanceledException">The person interrupted.</exception>
    Task<ChatLine> Read(string prompt);
}

/// <summary>Lines from a pipe or file.</summary>
sealed class PipedInput : IChatInput
{
    public bool IsTerminal => false;

    public async Task<ChatLine> Read(string prompt) => new((await Task.Run(Console.In.ReadLine).WaitAsync(Interrupts.Token).ConfigureAwait(false))?.TrimStart('\uFEFF'));
}

/// <summary>A person at a terminal, with what was typed before, in earlier conversations, too.</summary>
sealed class TerminalInput : IChatInput
{
    readonly InputHistory _history = InputHistory.Open();

    public bool IsTerminal => true;

    public async Task<ChatLine> Read(string prompt)
    {
        if (LineEditor.CanDraw)
            return new LineEditor(prompt, _history).Read();

        await Console.Error.WriteAsync(prompt).ConfigureAwait(false);
        return new ChatLine(await Task.Run(Console.In.ReadLine).WaitAsync(Interrupts.Token).ConfigureAwait(false));
    }
}
