using Ouro.Chat;
using Ouro.Formats;
using Ouro.Serving.Store;
using Spectre.Console;

namespace Ouro.Cli.Replies;

/// <summary>Asks, answers and obeys until the person leaves.</summary>
sealed class ChatLoop
{
    const string Fence = Modelfile.Fence;

    readonly Conversation _conversation;
    readonly IChatInput _input;
    readonly ChatCommands _commands;
    bool _isWrong;

    public ChatLoop(Conversation conversation, IChatInput input)
    {
        (_conversation, _input, _commands) = (conversation, input, new ChatCommands(conversation));
        conversation.ShowsDepth = conversation.TellsDepth = true;
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
            if (!string.IsNullOrWhiteSpace(text))
                await Take(text).ConfigureAwait(false);
        }

        return _isWrong && !_input.IsTerminal ? 1 : 0;
    }

    async Task Take(string text)
    {
        try
        {
            if (text.StartsWith('/'))
                await _commands.Run(text).ConfigureAwait(false);
            else
                await _conversation.Answer(text).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is ChatException or SettingException or UserErrorException or StoreException or ModelFileException or InsufficientMemoryException)
        {
            _isWrong = true;
            Console.Error.WriteLine($"ouro: {Front.Plain(problem.Message)}");
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("[interrupted]");
        }
    }

    /// <summary>A line, or the lines from one mark of three quotes to the next; null at the end.</summary>
    async Task<string?> Message()
    {
        Interrupts.Renew();
        var text = await _input.Read(">>> ").ConfigureAwait(false);
        var opening = text?.IndexOf(Fence, StringComparison.Ordinal) ?? -1;
        // A command may have its text in quotes, too; elsewhere they count only at the beginning.
        if (text is null || opening < 0 || (opening > 0 && !text.StartsWith('/')))
            return text;

        var (head, rest) = (text[..opening], text[(opening + Fence.Length)..]);
        while (!rest.Contains(Fence, StringComparison.Ordinal))
        {
            if (await _input.Read("... ").ConfigureAwait(false) is not { } line)
                break;
            rest += "\n" + line;
        }

        var end = rest.IndexOf(Fence, StringComparison.Ordinal);
        return head + (end < 0 ? rest : rest[..end] + rest[(end + Fence.Length)..]).Trim('\n');
    }
}

/// <summary>Where a conversation's lines come from.</summary>
interface IChatInput
{
    /// <summary>True where a person types.</summary>
    bool IsTerminal { get; }

    /// <summary>The next line, or lines; null at the end.</summary>
    /// <exception cref="OperationCanceledException">The person interrupted.</exception>
    Task<string?> Read(string prompt);
}

/// <summary>Lines from a pipe or file.</summary>
sealed class PipedInput : IChatInput
{
    public bool IsTerminal => false;

    public Task<string?> Read(string prompt) => Task.Run(Console.In.ReadLine).WaitAsync(Interrupts.Token);
}

/// <summary>A person at a terminal, with what was typed before, in earlier conversations, too.</summary>
sealed class TerminalInput : IChatInput
{
    readonly InputHistory _history = InputHistory.Open();

    public bool IsTerminal => true;

    public Task<string?> Read(string prompt) => LineEditor.CanDraw
        ? Task.FromResult(new LineEditor(prompt, _history).Read())
        : Asked(prompt);

    static Task<string?> Asked(string prompt)
    {
        Console.Error.Write(prompt);
        return Task.Run(Console.In.ReadLine).WaitAsync(Interrupts.Token);
    }
}
