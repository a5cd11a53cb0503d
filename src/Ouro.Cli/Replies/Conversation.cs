using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Cli.Replies;

/// <summary>Prompts and replies, shown as they come, and all that a person can change about them in between.</summary>
sealed class Conversation : IDisposable
{
    const string NoPrompt = "the prompt is empty, or holds nothing that this model's vocabulary can say. Give some text to answer.";

    readonly ChatModel _model;
    readonly List<ChatTurn> _turns;

    /// <param name="engine">Kept; it outlives the conversation.</param>
    public Conversation(Engine engine, ReplySettings settings)
    {
        (Engine, Settings) = (engine, settings);
        _model = engine.Talk(settings);
        _turns = [.. Examples];
    }

    /// <summary>The model.</summary>
    public Engine Engine { get; }

    /// <summary>What was set, seed included.</summary>
    public ReplySettings Settings { get; set; }

    /// <summary>Instructions that stand before everything, or null.</summary>
    public string? System { get; set; }

    /// <summary>Whether the model thinks first; null for Thinking models only.</summary>
    public bool? Thinks { get; set; }

    public bool HidesThinking { get; set; }

    /// <summary>Whether a report follows each reply.</summary>
    public bool IsVerbose { get; set; }

    /// <summary>Whether a reply's text is coloured by depth, where the output can.</summary>
    public bool ShowsDepth { get; set; }

    /// <summary>Whether a line about depth follows each reply.</summary>
    public bool TellsDepth { get; set; }

    /// <summary>What was said, the model's own examples first.</summary>
    public IReadOnlyList<ChatTurn> Turns => _turns;

    /// <summary>The latest reply that was not interrupted, or null.</summary>
    public ReplySummary? Last { get; private set; }

    IEnumerable<ChatTurn> Examples => (Engine.Stored?.Messages ?? []).Select(message => new ChatTurn(message.Role, message.Content));

    /// <summary>Forgets what was said; the model's own examples stay.</summary>
    public void Clear()
    {
        _turns.Clear();
        _turns.AddRange(Examples);
        Last = null;
    }

    /// <summary>Takes the last question and its answer back.</summary>
    /// <returns>The question, or null if there is none.</returns>
    public string? TakeBack()
    {
        var last = _turns.FindLastIndex(turn => turn.Role == ChatMessage.User);
        if (last < 0)
            return null;

        var question = _turns[last].Content;
        _turns.RemoveRange(last, _turns.Count - last);
        return question;
    }

    /// <summary>Continues a text as it stands.</summary>
    /// <returns>False if the person interrupted it.</returns>
    public async Task<bool> Continue(string text)
    {
        var request = new ReplyRequest(Engine.Tokenizer.Encode(text), Settings) { SplitsThinking = false };
        return await Reply(request, new ReplyPrinter(HidesThinking)).ConfigureAwait(false);
    }

    /// <summary>Answers a message in the chat format.</summary>
    /// <returns>False if the person interrupted it; what was said until then stays.</returns>
    /// <exception cref="ChatException">It cannot be answered; the conversation is as it was.</exception>
    public async Task<bool> Answer(string message)
    {
        if (Engine.Tokenizer.Encode(message).Length == 0)
            throw new UserErrorException(NoPrompt);

        _turns.Add(new ChatTurn(ChatMessage.User, message));
        try
        {
            ChatTurn[] all = System is null ? [.. _turns] : [new ChatTurn(ChatMessage.System, System), .. _turns];
            var request = _model.Prepare(new ChatRequest(all, Settings) { Thinks = Thinks });
            var printer = new ReplyPrinter(HidesThinking) { Colors = ShowsDepth ? DepthColors.Of(Settings.Rule(_model.Config).Loops) : null };
            var isWhole = await Reply(request, printer).ConfigureAwait(false);
            _turns.Add(new ChatTurn(ChatMessage.Assistant, printer.Answer) { Reasoning = printer.Reasoning.Length > 0 ? printer.Reasoning : null });
            return isWhole;
        }
        catch (Exception problem) when (problem is ChatException or UserErrorException)
        {
            _turns.RemoveAt(_turns.Count - 1);
            throw;
        }
    }

    public void Dispose() => _model.Dispose();

    async Task<bool> Reply(ReplyRequest request, ReplyPrinter printer)
    {
        if (request.Prompt.Count == 0)
            throw new UserErrorException(NoPrompt);

        try
        {
            await foreach (var piece in _model.Reply(request, Interrupts.Renew()).ConfigureAwait(false))
            {
                printer.Show(piece);
                Last = piece.Summary ?? Last;
            }
        }
        catch (OperationCanceledException)
        {
            // The reply ends here; what was shown stays.
            printer.Finish();
            await Console.Error.WriteLineAsync("[interrupted]").ConfigureAwait(false);
            return false;
        }

        printer.Finish();
        Tell(Last!);
        return true;
    }

    void Tell(ReplySummary summary)
    {
        if (summary.End == ReplyEnd.ContextFull)
            Console.Error.WriteLine($"[the context of {Settings.ContextTokens(_model.Config):N0} tokens is full; a larger num_ctx gives more room]");
        if (IsVerbose)
            new ReplyReport(Engine, Settings, summary).Print();
        else if (TellsDepth)
            ReplyReport.PrintDepth(summary, ShowsDepth ? DepthColors.Of(summary.Loops) : null);
    }
}
