using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>How a model serves many texts. An object that exists is usable.</summary>
public sealed record ChatModelOptions
{
    /// <summary>Most texts computed together; others wait.</summary>
    public int MostTexts { get; init; } = 64;

    /// <summary>Most bytes of keys and values of open texts; null takes what the machine has beside the weights, less a quarter.</summary>
    public long? KvBytes { get; init; }

    /// <summary>A chat template in place of the file's own; null for that.</summary>
    public string? Template { get; init; }

    /// <summary>Most bytes of keys and values kept for texts with the same beginning; null takes an eighth of what open texts may use.</summary>
    public long? PrefixBytes { get; init; }
}

/// <summary>A loaded model that any number of callers talk to at once; their texts share passes.</summary>
/// <remarks>
/// Thread-safe. A reply never depends on what is computed beside it, bit for bit. Disposing it ends every reply under way with an
/// <see cref="ObjectDisposedException"/>; the <see cref="LoadedModel"/> is disposed with it.
/// </remarks>
public sealed class ChatModel : IDisposable, IAsyncDisposable
{
    readonly LoadedModel _loaded;
    readonly PassWorker _worker;
    readonly HashSet<int> _stops;
    readonly Lazy<ChatFormat> _format;
    readonly Lazy<TokenTrie> _trie;
    int _isDisposed;

    /// <param name="loaded">Owned from now on.</param>
    /// <exception cref="ModelFileException">The model has no tokenizer.</exception>
    public ChatModel(LoadedModel loaded, ChatModelOptions? options = null)
    {
        options ??= new ChatModelOptions();
        _loaded = loaded;
        _stops = [.. loaded.Tokenizer.Vocabulary.StopIds];
        _format = new Lazy<ChatFormat>(() => new ChatFormat(loaded.Tokenizer, options.Template));
        _trie = new Lazy<TokenTrie>(() => new TokenTrie(loaded.Tokenizer));
        var free = Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - loaded.WeightBytes);
        var room = options.KvBytes ?? free / 4 * 3;
        _worker = new PassWorker(loaded.Model, new SchedulerOptions { KvBytes = room, PrefixBytes = options.PrefixBytes ?? room / 8 }, options.MostTexts);
    }

    /// <summary>The measures.</summary>
    public OuroConfig Config => _loaded.Model.Config;

    /// <summary>True if the model has its early-exit gate.</summary>
    public bool HasGate => _loaded.Model.HasGate;

    /// <summary>Text to ids and back.</summary>
    public Tokenizer Tokenizer => _loaded.Tokenizer;

    /// <summary>How it was loaded.</summary>
    public LoadedModel Loaded => _loaded;

    /// <summary>True if it can hold a conversation.</summary>
    public bool IsChat => ChatFormat.FitsIn(Tokenizer.Vocabulary);

    /// <summary>How conversations are written.</summary>
    /// <exception cref="ChatException">The model has no chat format.</exception>
    public ChatFormat Format => _format.Value;

    /// <summary>Replies that have not ended.</summary>
    public int Unfinished => _worker.Unfinished;

    /// <summary>What the passes came to so far.</summary>
    public PassCounts Passes => _worker.Counts;

    /// <summary>Loads a model and makes it ready to talk.</summary>
    /// <exception cref="ModelFileException">It cannot be used; the message is fit for a person.</exception>
    public static ChatModel Open(string path, LoadOptions? loading = null, ChatModelOptions? options = null, CancellationToken cancel = default)
    {
        var loaded = LoadedModel.Open(path, loading, cancel);
        try
        {
            return new ChatModel(loaded, options);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Continues a conversation, piece by piece; the last piece has the summary.</summary>
    /// <exception cref="ChatException">The request cannot be met; nothing was computed.</exception>
    /// <exception cref="OperationCanceledException">Asked for; what was computed is lost.</exception>
    public IAsyncEnumerable<ReplyPiece> Reply(ChatRequest request, CancellationToken cancel = default) => Reply(Prepare(request), cancel);

    /// <summary>The text that a conversation comes to.</summary>
    /// <exception cref="ChatException">The request cannot be met.</exception>
    public ReplyRequest Prepare(ChatRequest request)
    {
        if (request.Turns.Count == 0)
            throw new ChatException("the conversation is empty; give a message to answer.");

        var prompt = Format.Encode(request);
        var reply = new ReplyRequest([.. request.Before, .. prompt.Ids], request.Settings)
        {
            Begins = prompt.Begins,
            ParsesToolCalls = request.Tools.Count > 0 && request.ToolUse != ToolUse.None,
            Choice = request.Choice,
            TopLogProbs = request.TopLogProbs,
            Seed = RandomNumberGenerator.GetInt32(int.MaxValue),
        };
        return AnswerGrammar.Of(request) is { } grammar ? Bound(reply, grammar) : reply;
    }

    /// <summary>A text that must follow a grammar, behind the reasoning if there is any.</summary>
    public ReplyRequest Bound(ReplyRequest request, Grammar grammar)
    {
        var thinkEnd = request.Begins == ReplyPart.Reasoning ? Tokenizer.Vocabulary.FindSpecial(KnownTokens.ThinkEnd) : null;
        var constraint = new Constraint(thinkEnd is null ? grammar : Grammar.Sequence(Grammar.Gap, grammar), _trie.Value, request.Prompt.Count) { StartsAfter = thinkEnd };
        ConstrainedChooser? chooser = null;
        return request with
        {
            Bind = inner => chooser = new ConstrainedChooser(inner, constraint),
            IsComplete = ids => chooser is not null && chooser.IsComplete([.. request.Prompt, .. ids]),
            Warnings = grammar.Warnings,
        };
    }

    /// <summary>A text that must have a form.</summary>
    /// <exception cref="ChatException">The form's schema cannot be kept to.</exception>
    public ReplyRequest Bound(ReplyRequest request, AnswerForm form) => Bound(request, AnswerGrammar.Of(form));

    /// <summary>Continues a text, piece by piece; the last piece has the summary.</summary>
    /// <exception cref="ChatException">The request cannot be met; nothing was computed.</exception>
    /// <exception cref="OperationCanceledException">Asked for; what was computed is lost.</exception>
    public async IAsyncEnumerable<ReplyPiece> Reply(ReplyRequest request, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var seed = request.Settings.Seed ?? request.Seed;
        var job = JobOf(request, seed, out var context);
        var reader = new ReplyReader(Tokenizer, request);
        var depths = new int[request.Settings.Rule(Config).Loops];
        var ids = new List<int>();
        var isStopped = false;
        try
        {
            using var watch = cancel.UnsafeRegister(_ => Drop(job), null);
            _worker.Add(job);
            await foreach (var written in job.Written.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                isStopped = _stops.Contains(written.Token.Id);
                if (isStopped)
                    break;

                ids.Add(written.Token.Id);
                depths[written.Token.Depth - 1]++;
                if (reader.Add(written) is { } piece)
                    yield return piece;
                if (reader.Found is not null)
                    break;
            }
        }
        finally
        {
            Drop(job);
        }

        await Ended(job).ConfigureAwait(false);
        var last = reader.Finish() ?? new ReplyPiece("", "", []);
        yield return last with
        {
            Summary = new ReplySummary(
                isStopped || reader.Found is not null ? ReplyEnd.Stop : reader.Tokens + request.Prompt.Count >= context && reader.Tokens < request.Settings.Limit ? ReplyEnd.ContextFull : ReplyEnd.Limit,
                request.Prompt.Count, job.Recalled, reader.Tokens, reader.ReasoningTokens)
            {
                StopString = reader.Found,
                Loops = job.Loops,
                Depths = depths,
                Counters = job.Counters,
                Seed = seed,
                Waited = job.Waited,
                PromptTime = job.PromptTime,
                WriteTime = job.WriteTime,
                IsComplete = request.IsComplete?.Invoke(ids),
            },
        };
    }

    /// <summary>The model's last state behind a text, where it is read out, scaled to length 1: [D].</summary>
    /// <exception cref="ChatException">The text is empty or does not fit.</exception>
    public async Task<float[]> Embed(IReadOnlyList<int> text, ReplySettings settings, CancellationToken cancel = default)
    {
        CheckPrompt(text, settings.ContextTokens(Config));
        var job = new TextJob([.. text], settings.Text(Config, text.Count), chooser: null, limit: 0, _stops) { KeepsState = true };
        using var watch = cancel.UnsafeRegister(_ => Drop(job), null);
        _worker.Add(job);
        await job.Ended.WaitAsync(cancel).ConfigureAwait(false);
        var length = Math.Sqrt(job.State.Sum(value => (double)value * value));
        return [.. job.State.Select(value => length > 0 ? (float)(value / length) : 0)];
    }

    /// <summary>What every loop did to a text.</summary>
    public Task<Trace> Trace(IReadOnlyList<int> text, ExitRule rule, CancellationToken cancel = default)
    {
        CheckPrompt(text, Config.ContextTokens);
        return _worker.Aside(model => Generation.Trace.Run(model, [.. text], rule, ElementType.F16, cancel), cancel);
    }

    /// <summary>Ends every reply, and lets go of the model.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;

        _worker.Dispose();
        _loaded.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    TextJob JobOf(ReplyRequest request, long seed, out int context)
    {
        var settings = request.Settings;
        context = settings.ContextTokens(Config);
        CheckPrompt(request.Prompt, context);
        context = (int)Math.Min(context, request.Prompt.Count + (long)settings.Limit);
        ITokenChooser chooser = new Sampler(settings.Sampling(seed), Config.Vocabulary, request.Choice);
        chooser = request.Bind?.Invoke(chooser) ?? chooser;
        var probable = request.TopLogProbs is { } top ? new LogProbChooser(chooser, top) : null;
        return new TextJob([.. request.Prompt], settings.Text(Config, context), probable ?? chooser, settings.Limit, _stops) { LogProbs = probable };
    }

    void CheckPrompt(IReadOnlyList<int> prompt, int context)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (prompt.Count == 0)
            throw new ChatException("the prompt is empty, or holds nothing that this model's vocabulary can say; give some text.");
        if (prompt.Count > context)
            throw new ChatException($"the prompt has {prompt.Count:N0} tokens, but the context holds {context:N0}; shorten it or raise num_ctx.");
        if (prompt.FirstOrDefault(id => (uint)id >= (uint)Config.Vocabulary) is var odd and not 0)
            throw new ChatException($"the prompt has token {odd}, but the model knows {Config.Vocabulary:N0}; the tokenizer and the model do not belong together.");
    }

    void Drop(TextJob job)
    {
        job.Cancel();
        _worker.Wake();
    }

    /// <summary>Waits until the worker is done with a text, so that its counts are whole.</summary>
    static async Task Ended(TextJob job)
    {
        try
        {
            await job.Ended.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // We asked for it.
        }
    }
}
