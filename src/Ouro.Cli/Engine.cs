using System.CommandLine;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Serving.Store;
using Ouro.Tensors;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>A loaded model as commands use it, with what the store knows about it.</summary>
sealed class Engine : IDisposable
{
    readonly LoadedModel _loaded;
    ChatModel? _talk;

    Engine(LoadedModel loaded) => _loaded = loaded;

    public OuroModel Model => _loaded.Model;

    /// <summary>What it is called, in words that commands and FROM understand.</summary>
    public string Name => Stored?.Name.ToString() ?? (_loaded.Path == OwnModel.PathIfAny ? OwnModel.Name : Path.GetFullPath(_loaded.Path));

    /// <summary>What the store knows about the model, if it was named there; settings in it hold where a command does not say otherwise.</summary>
    public StoredModel? Stored { get; private init; }

    /// <summary>The settings that the model brings along.</summary>
    public ReplySettings Brought => Stored?.Parameters.Settings ?? ReplySettings.None;

    public int ThreadCount => _loaded.ThreadCount;

    public TimeSpan LoadTime => _loaded.LoadTime;

    /// <summary>Bytes of all stored tensors.</summary>
    public long WeightBytes => _loaded.WeightBytes;

    /// <summary>The model's tokenizer.</summary>
    /// <exception cref="ModelFileException">The model has none.</exception>
    public Tokenizer Tokenizer => _loaded.Tokenizer;

    /// <summary>The model's tokenizer, or null.</summary>
    public Tokenizer? TokenizerIfAny => _loaded.TokenizerIfAny;

    /// <summary>True if the file says how to write a chat, and its tokens are those of ChatML.</summary>
    public bool IsChat => ChatFormat.FitsIn(Tokenizer.Vocabulary);

    public static Engine Open(string path, int threads, ActivationType activations, StoredModel? stored = null)
    {
        var loaded = ProgressBar.Show("Loading", progress => LoadedModel.Open(
            path, new LoadOptions { Threads = threads, Activations = activations, Progress = progress }, Interrupts.Token));
        return new Engine(loaded) { Stored = stored };
    }

    /// <summary>The model, ready to talk with one person: what was said stays computed, in up to half of the memory that is free, so that a turn computes only what is new.</summary>
    public ChatModel Talk()
    {
        var free = Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - WeightBytes);
        return _talk ??= new ChatModel(_loaded, new ChatModelOptions { KvBytes = free, PrefixBytes = free / 2, Template = Stored?.Template });
    }

    /// <summary>The measures of a text's keys and values.</summary>
    public KvShape KvShape(SequenceOptions options)
        => new(Model.Config.Layers, options.Rule.Loops, Model.Config.KvHeads, Model.Config.HeadSize, Model.KvTypeFor(options.KvType));

    /// <summary>What a full context takes, in words; a context that cannot fit this machine is refused with the arithmetic.</summary>
    /// <exception cref="UserErrorException">Weights, keys and values together are more than the machine has.</exception>
    public string CheckMemory(SequenceOptions options)
    {
        var (contextTokens, shape) = (options.ContextTokens, KvShape(options));
        var cache = shape.BytesFor(contextTokens);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return cache <= available - WeightBytes
            ? $"{Sizes.Text(WeightBytes)} of weights, and {Sizes.Text(cache)} of keys and values when all {contextTokens:N0} tokens of context are in use"
            : throw new UserErrorException(
                $"{contextTokens:N0} tokens of context need {Sizes.Text(cache)} for keys and values ({shape.BytesPerPosition:N0} bytes a token = 2 x {shape.Layers} "
                    + $"layers x {shape.Loops} loops x {shape.Heads * shape.HeadSize:N0} numbers in {shape.Type}) beside {Sizes.Text(WeightBytes)} of weights, "
                    + $"but this machine has {Sizes.Text(available)}. Lower num_ctx, or take q8_0 for kv_type.");
    }

    /// <summary>The same for replies with these settings.</summary>
    /// <exception cref="UserErrorException">Weights, keys and values together are more than the machine has.</exception>
    public string CheckMemory(ReplySettings settings) => CheckMemory(settings.Text(Model.Config, settings.ContextTokens(Model.Config)));

    /// <summary>Refuses ids of a tokenizer that does not belong to the model.</summary>
    /// <exception cref="UserErrorException">The model has no such token.</exception>
    public void CheckKnown(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if (id >= Model.Config.Vocabulary)
                throw new UserErrorException("the tokenizer has tokens that the model does not know: the two do not belong together.");
        }
    }

    public void Dispose()
    {
        if (_talk is not null)
            _talk.Dispose();
        else
            _loaded.Dispose();
    }
}

/// <summary>The model argument and the options of every command that computes.</summary>
/// <param name="isOptional">Whether the model that comes with the program is taken when none is named.</param>
sealed class EngineOptions(ElementType kvTypeByDefault, bool isOptional = false)
{
    readonly Argument<string> _model = ModelArgument(isOptional);
    readonly Choice<ElementType> _kvType = SettingOptions.KvType(kvTypeByDefault);

    public static Argument<string> ModelArgument(bool isOptional = false) => new("MODEL")
    {
        Description = $"A checkpoint folder, a .gguf or a .safetensors file, or the name of a stored model{(isOptional ? $"; without one, or by the name '{OwnModel.Name}', the small model that comes with this program" : "")}.",
        Arity = isOptional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
    };

    public void AddTo(Command command)
    {
        command.Arguments.Insert(0, _model);
        command.Options.Add(SettingOptions.Threads);
        command.Options.Add(SettingOptions.Activations.Option);
        command.Options.Add(_kvType.Option);
    }

    public Engine Open(ParseResult parsed)
    {
        var (path, stored) = OwnModel.Find(parsed.GetValue(_model));
        return Engine.Open(path, parsed.GetValue(SettingOptions.Threads), SettingOptions.Activations.Of(parsed), stored);
    }

    /// <summary>What keys and values are stored as.</summary>
    public ElementType KvType(ParseResult parsed) => _kvType.Of(parsed);

    /// <summary>The same; null if nothing was said.</summary>
    public ElementType? KvTypeIfGiven(ParseResult parsed) => _kvType.IsGiven(parsed) ? _kvType.Of(parsed) : null;
}
