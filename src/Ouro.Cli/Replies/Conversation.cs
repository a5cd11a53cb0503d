using System.Security.Cryptography;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Cli.Replies;

/// <summary>Prompts and replies, shown as they come, and all that a person can change about them in between.</summary>
sealed class Conversation
{
    const string NoPrompt = "the prompt is empty, or holds nothing that this model's vocabulary can say. Give some text to answer.";

    readonly ChatModel _model;
    readonly List<ChatTurn> _turns;
    readonly long _seed = RandomNumberGenerator.GetInt32(int.MaxValue);     // where the settings name none
    int _leftOut;       // of the turns, those that are too long ago to fit
    int _tries;         // of answering the last question
    string? _refused;   // the last question, if it could not be answered

    /// <param name="engine">Kept; its model answers.</param>
    public Conversation(Engine engine, ReplySettings settings)
    {
        (Engine, Settings) = (engine, settings);
        _model = engine.Talk();
        _turns = [.. Examples];
    }

    /// <summary>The model.</summary>
    public Engine Engine { get; }

    /// <summary>What was set.</summary>
    public ReplySettings Settings { get; set; }

    /// <summary>Instructions that stand before everything, or null.</summary>
    public string? System { get; set; }

    /// <summary>Whether the model thinks first; null for Thinking models only.</summary>
    public bool? Thinks { get; set; }

    public bool HidesThinking { get; set; }

    /// <summary>Whether a report follows each reply.</summary>
    public bool IsVerbose { get; set; }

    /// <summary>Whether a line about depth follows each reply, and its text is coloured by depth where the output can.</summary>
    public bool ShowsDepth { get; set; }

    /// <summary>What was said, the model's own examples first.</summary>
    public IReadOnlyList<ChatTurn> Turns => _turns;

    /// <summary>The latest reply that was not interrupted, or null.</summary>
    public ReplySummary? Last { get; private set; }

    IEnumerable<ChatTurn> Examples => (Engine.Stored?.Messages ?? []).Select(message => new ChatTurn(message.Role, message.Content));

    DepthColors? Colors => ShowsDepth ? DepthColors.Of(Settings.Rule(_model.Config).Loops) : null;

    /// <summary>Forgets what was said; the model's own messages stay.</summary>
    /// <returns>How many those are.</returns>
    public int Clear()
    {
        _turns.Clear();
        _turns.AddRange(Examples);
        (Last, _leftOut, _refused) = (null, 0, null);
        return _turns.Count;
    }

    /// <summary>Continues a text as it stands.</summary>
    /// <returns>False if the person interrupted it.</returns>
    public async Task<bool> Continue(string text)
    {
        var request = new ReplyRequest(Engine.Tokenizer.Encode(text), Settings) { SplitsThinking = false, Seed = _seed };
        return await Reply(request, new ReplyPrinter(HidesThinking)).ConfigureAwait(false);
    }

    /// <summary>Answers a message in the chat format.</summary>
    /// <returns>False if the person interrupted it; what was said until then stays.</returns>
    /// <exception cref="ChatException">It cannot be answered; the conversation is as it was.</exception>
    public Task<bool> Answer(string message)
    {
        if (Engine.Tokenizer.Encode(message).Length == 0)
            throw new UserErrorException(NoPrompt);

        _tries = 0;
        return Answer(_turns.Count, message);
    }

    /// <summary>Answers the last question again, otherwise if there is chance in it.</summary>
    /// <returns>False if the person interrupted it.</returns>
    /// <exception cref="UserErrorException">There is no question.</exception>
    public Task<bool> Retry()
    {
        if (_refused is not null)
            return Answer(_refused);

        var last = _turns.FindLastIndex(turn => turn.Role == ChatMessage.User);
        if (last < 0)
            throw new UserErrorException("nothing was asked yet.");

        _tries++;
        return Answer(last, _turns[last].Content);
    }

    /// <summary>Answers a question that comes after so many turns; what was behind them is replaced.</summary>
    async Task<bool> Answer(int place, string question)
    {
        var before = _turns.ToArray();
        _turns.RemoveRange(place, _turns.Count - place);
        _turns.Add(new ChatTurn(ChatMessage.User, question));
        try
        {
            var printer = new ReplyPrinter(HidesThinking) { Colors = Colors };
            var isWhole = await Reply(Request(), printer).ConfigureAwait(false);
            _refused = null;
            if (isWhole || printer.Answer.Length > 0)
                _turns.Add(new ChatTurn(ChatMessage.Assistant, printer.Answer) { Reasoning = printer.Reasoning.Length > 0 ? printer.Reasoning : null });
            else
                Restore(before);     // interrupted before anything was said
            return isWhole;
        }
        catch
        {
            _refused = question;
            Restore(before);
            throw;
        }
    }

    void Restore(ChatTurn[] turns)
    {
        _turns.Clear();
        _turns.AddRange(turns);
    }

    /// <summary>What the model is to continue. When the context is nearly full, the oldest half of what was said is left out.</summary>
    ReplyRequest Request()
    {
        var context = Settings.ContextTokens(_model.Config);
        _leftOut = Math.Min(_leftOut, _turns.Count - 1);
        var request = Request(_leftOut);
        if (request.Prompt.Count <= context / 8 * 7)
            return request;

        var before = _leftOut;
        while (request.Prompt.Count > context / 2 && _turns.FindIndex(_leftOut + 1, turn => turn.Role == ChatMessage.User) is >= 0 and var next)
            request = Request(_leftOut = next);
        if (_leftOut > before)
            Console.Error.WriteLine($"[the context of {context:N0} tokens is nearly full: the oldest {_leftOut} messages are left out from now on; a larger num_ctx makes room, /clear begins anew]");
        return request;
    }

    ReplyRequest Request(int leftOut)
    {
        var said = _turns.Skip(leftOut);
        ChatTurn[] all = System is null ? [.. said] : [new ChatTurn(ChatMessage.System, System), .. said];
        return _model.Prepare(new ChatRequest(all, Settings) { Thinks = Thinks, Choice = _tries }) with { Seed = _seed };
    }

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
        else if (ShowsDepth)
            ReplyReport.PrintDepth(summary, Colors);
    }
}
