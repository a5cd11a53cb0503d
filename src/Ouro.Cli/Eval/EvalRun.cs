using Ouro.Generation;
using Ouro.Text;

namespace Ouro.Cli.Eval;

/// <summary>One way to answer: a depth or a threshold.</summary>
/// <param name="Name">What the table calls it.</param>
sealed record EvalSetting(string Name, SequenceOptions Options);

/// <summary>What the answers to some questions came to.</summary>
sealed class EvalScore
{
    public int Asked { get; private set; }

    public int Exact { get; private set; }

    public long Tokens { get; private set; }

    public long Depths { get; private set; }

    public long Passes { get; private set; }

    public long Guesses { get; private set; }

    public long GuessesKept { get; private set; }

    /// <summary>The share of exact answers.</summary>
    public double Share => (double)Exact / Math.Max(1, Asked);

    /// <summary>Loops after which tokens were read, on average.</summary>
    public double MeanDepth => (double)Depths / Math.Max(1, Tokens);

    public void Add(bool isExact, int tokens, long depths, SequenceCounters counters)
    {
        (Asked, Exact) = (Asked + 1, Exact + (isExact ? 1 : 0));
        (Tokens, Depths, Passes) = (Tokens + tokens, Depths + depths, Passes + counters.WritingPasses);
        (Guesses, GuessesKept) = (Guesses + counters.Guesses, GuessesKept + counters.GuessesKept);
    }
}

/// <summary>The scores of one setting.</summary>
sealed class EvalResult(EvalSetting setting)
{
    public EvalSetting Setting { get; } = setting;

    public EvalScore All { get; } = new();

    public Dictionary<string, EvalScore> ByDifficulty { get; } = [];

    public SortedDictionary<(string Kind, int Level), EvalScore> ByKind { get; } = [];

    /// <summary>Seconds of the passes.</summary>
    public double Seconds { get; set; }

    public void Add(Question question, bool isExact, int tokens, long depths, SequenceCounters counters)
    {
        if (!ByDifficulty.TryGetValue(question.Difficulty, out var difficulty))
            ByDifficulty[question.Difficulty] = difficulty = new EvalScore();
        if (!ByKind.TryGetValue((question.Kind, question.Level), out var kind))
            ByKind[(question.Kind, question.Level)] = kind = new EvalScore();
        foreach (var score in (EvalScore[])[All, difficulty, kind])
            score.Add(isExact, tokens, depths, counters);
    }
}

/// <summary>Asks questions as a chat would (as plain text where a model knows no chats), without
/// reasoning, some at a time, greedily, and compares the answers.</summary>
sealed class EvalRun(Engine engine, Question[] questions, int together, int longestAnswer)
{
    readonly ChatMl? _chat = engine.IsChat ? new ChatMl(engine.Tokenizer) : null;
    readonly HashSet<int> _stops = [.. engine.Tokenizer.Vocabulary.StopIds];

    /// <summary>Asks every question under one setting.</summary>
    /// <param name="progress">Told how many were answered.</param>
    public EvalResult Run(EvalSetting setting, IProgress<int>? progress, CancellationToken cancel)
    {
        var result = new EvalResult(setting);
        using var scheduler = new Scheduler(engine.Model);
        var sampler = new Sampler(SamplingOptions.Greedy, engine.Model.Config.Vocabulary);
        var open = new List<Asked>();
        var (next, answered) = (0, 0);
        while (answered < questions.Length)
        {
            while (next < questions.Length && open.Count < together)
                open.Add(Ask(scheduler, setting.Options, questions[next++]));
            foreach (var asked in open.Where(asked => asked.Goes(sampler, longestAnswer, _stops)).ToArray())
            {
                asked.Score(result, engine.Tokenizer, _stops);
                asked.Text.Dispose();
                open.Remove(asked);
                answered++;
                progress?.Report(answered);
            }

            scheduler.Step(cancel);
        }

        result.Seconds = scheduler.Seconds;
        return result;
    }

    Asked Ask(Scheduler scheduler, SequenceOptions options, Question question)
    {
        var prompt = _chat?.Encode([new ChatMessage(ChatMessage.User, question.Text)], NextTurn.Assistant) ?? engine.Tokenizer.Encode(question.Text);
        engine.CheckKnown(prompt);
        var text = scheduler.Open(options with { ContextTokens = prompt.Length + longestAnswer });
        text.Feed(prompt);
        return new Asked(question, text);
    }

    /// <summary>A question that is being answered.</summary>
    sealed class Asked(Question question, Sequence text)
    {
        readonly List<GeneratedToken> _answer = [];
        bool _isWriting;

        public Sequence Text => text;

        /// <summary>Begins to write when the prompt was read, collects what was written, and is true when all of it is there.</summary>
        public bool Goes(ITokenChooser chooser, int limit, HashSet<int> stops)
        {
            if (text.Failure is { } failure)
                throw new UserErrorException($"the question '{question.Text}' cannot be answered: {failure.Message}");
            if (!_isWriting && !text.IsRead)
                return false;

            if (!_isWriting)
                text.Write(chooser, limit, stops);
            _isWriting = true;
            while (text.TryTake(out var token))
                _answer.Add(token);
            return !text.IsWriting;
        }

        public void Score(EvalResult result, Tokenizer tokenizer, HashSet<int> stops)
        {
            var known = _answer.Select(token => token.Id).Where(id => !stops.Contains(id) && id < tokenizer.Vocabulary.Count).ToArray();
            var isExact = string.Equals(tokenizer.Decode(known).Trim(), question.Answer, StringComparison.Ordinal);
            result.Add(question, isExact, _answer.Count, _answer.Sum(token => (long)token.Depth), text.Counters);
        }
    }
}
