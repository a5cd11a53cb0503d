using Ouro.Chat;
using Ouro.Generation;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>Why a reply ended.</summary>
enum ReplyEnd
{
    /// <summary>A stop token or stop string.</summary>
    Stop,

    /// <summary>As many tokens as were asked for.</summary>
    Limit,

    /// <summary>No room for another token.</summary>
    ContextFull,

    /// <summary>The person asked.</summary>
    Interrupted,
}

/// <summary>Prompts and replies on one session, shown as they come.</summary>
sealed class Conversation
{
    const string NoPrompt = "the prompt is empty, or holds nothing that this model's vocabulary can say. Give some text to answer.";

    readonly Engine _engine;
    readonly Session _session;
    readonly SamplingOptions _sampling;
    readonly Tokenizer _tokenizer;
    readonly List<ChatMessage> _messages = [];
    bool _isConversing;

    public Conversation(Engine engine, Session session, SamplingOptions sampling)
    {
        (_engine, _session, _sampling, _tokenizer) = (engine, session, sampling, engine.Tokenizer);
    }

    /// <summary>Messages that stand before all others, as examples.</summary>
    public IReadOnlyList<ChatMessage> Before { get; init; } = [];

    /// <summary>Most tokens in a reply.</summary>
    public int Limit { get; init; }

    /// <summary>Strings that end an answer.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    public bool HideThinking { get; init; }

    public bool IsVerbose { get; init; }

    /// <summary>Whether the think tag is opened in the prompt; null for Thinking models only.</summary>
    public bool? Thinks { get; init; }

    /// <summary>Continues a text as it stands.</summary>
    public ReplyEnd Continue(string text) => Reply(_tokenizer.Encode(text), ReplyPart.Answer, out _);

    /// <summary>Answers a message in the chat format.</summary>
    public ReplyEnd Answer(string? system, string message)
    {
        if (_tokenizer.Encode(message).Length == 0)
            throw new UserErrorException(NoPrompt);
        if (_messages.Count == 0)
        {
            if (system is not null)
                _messages.Add(new ChatMessage(ChatMessage.System, system));
            _messages.AddRange(Before);
        }

        _messages.Add(new ChatMessage(ChatMessage.User, message));
        var thinks = Thinks ?? ChatFormat.IsThinking(_tokenizer.Vocabulary);
        var prompt = new ChatMl(_tokenizer).Encode(_messages, thinks ? NextTurn.AssistantThinking : NextTurn.Assistant);
        var end = Reply(prompt, thinks ? ReplyPart.Reasoning : ReplyPart.Answer, out var answer);
        _messages.Add(new ChatMessage(ChatMessage.Assistant, answer));
        return end;
    }

    /// <summary>Asks and answers until the person leaves.</summary>
    public int Converse(string? system)
    {
        if (!_engine.IsChat)
            throw new UserErrorException("this model has no chat format, so it cannot hold a conversation. Give it a text to continue: ouro run MODEL \"Once upon a time\".");

        _isConversing = true;
        Console.Error.WriteLine("Ask away; /bye or Ctrl-D ends. Ctrl-C ends a reply, twice the program.");
        while (true)
        {
            Console.Error.Write(">>> ");
            Interrupts.Renew();
            var line = Console.ReadLine();
            if (line is null or "/bye")
                return 0;
            if (!string.IsNullOrWhiteSpace(line) && Answer(system, line) == ReplyEnd.ContextFull)
                return 0;
        }
    }

    ReplyEnd Reply(int[] prompt, ReplyPart begins, out string answer)
    {
        CheckPrompt(prompt);
        var report = new ReplyReport(_engine, _session, prompt.Length, _sampling.Seed);
        var printer = new ReplyPrinter(_tokenizer, begins, Stops, HideThinking) { BarsOf = IsVerbose ? _session.Rule.Loops : 0 };
        var end = ReplyEnd.Interrupted;
        try
        {
            var cancel = Interrupts.Renew();
            report.PromptDone(_session.Become(prompt, cancel));
            end = Write(printer, report, cancel);
        }
        catch (OperationCanceledException)
        {
            // The reply ends here; what was shown stays.
        }

        printer.Finish();
        answer = printer.Answer;
        if (end == ReplyEnd.ContextFull)
            Console.Error.WriteLine($"[the context of {_session.ContextTokens:N0} tokens is full; a larger --num-ctx gives more room]");
        if (end == ReplyEnd.Interrupted)
            Console.Error.WriteLine("[interrupted]");
        if (IsVerbose)
            report.Print();
        else if (_isConversing)
            report.PrintDepth();
        return end;
    }

    ReplyEnd Write(ReplyPrinter printer, ReplyReport report, CancellationToken cancel)
    {
        var stops = _tokenizer.Vocabulary.StopIds;
        var written = 0;
        if (Limit == 0)
            return ReplyEnd.Limit;

        var sampler = new Sampler(_sampling, _engine.Model.Config.Vocabulary);
        foreach (var token in _session.Write(sampler, Limit, stops.ToHashSet(), cancel))
        {
            if (stops.Contains(token.Id))
                return ReplyEnd.Stop;

            report.Add(token);
            if (token.Id < _tokenizer.Vocabulary.Count)
                printer.Add(token.Id, token.Depth);   // a head may be padded with ids that no text has
            if (printer.IsStopped)
                return ReplyEnd.Stop;
            if (++written == Limit)
                return ReplyEnd.Limit;
        }

        return ReplyEnd.ContextFull;
    }

    void CheckPrompt(int[] prompt)
    {
        if (prompt.Length == 0)
            throw new UserErrorException(NoPrompt);
        if (prompt.Length > _session.ContextTokens)
            throw new UserErrorException(
                $"the prompt has {prompt.Length:N0} tokens, but the context holds {_session.ContextTokens:N0}. Shorten it or raise --num-ctx.");
        _engine.CheckKnown(prompt);
    }
}
