using System.Diagnostics;
using Ouro.Formats;
using Ouro.Model;
using Ouro.Tensors;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>Threads that compute; 0 takes one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>What quantised weights are multiplied with.</summary>
    public ActivationType Activations { get; init; } = ActivationType.Int8;

    /// <summary>Told after each matrix.</summary>
    public IProgress<TensorProgress>? Progress { get; init; }
}

/// <summary>A model that is ready to compute, with its tokenizer if it has one.</summary>
public sealed class LoadedModel : IDisposable
{
    readonly OuroCheckpoint _checkpoint;
    readonly OuroWeights _weights;
    readonly CpuBackend _backend;
    readonly Lazy<Tokenizer?> _tokenizer;

    LoadedModel(OuroCheckpoint checkpoint, LoadOptions options, long started, CancellationToken cancel)
    {
        _checkpoint = checkpoint;
        _backend = new CpuBackend(options.Threads);
        try
        {
            _weights = OuroWeights.Load(checkpoint, _backend, options.Activations, options.Progress, cancel);
        }
        catch
        {
            _backend.Dispose();
            throw;
        }

        Model = new OuroModel(_weights, _backend);
        _tokenizer = new Lazy<Tokenizer?>(() => ModelVocabulary.Find(checkpoint.Gguf, checkpoint.Folder) is { } vocabulary ? new Tokenizer(vocabulary) : null);
        LoadTime = Stopwatch.GetElapsedTime(started);
    }

    /// <summary>What computes. Its passes are for one caller at a time.</summary>
    public OuroModel Model { get; }

    /// <summary>The folder or file.</summary>
    public string Path => _checkpoint.Path;

    /// <summary>Threads that compute.</summary>
    public int ThreadCount => _backend.ThreadCount;

    /// <summary>How long it took to load.</summary>
    public TimeSpan LoadTime { get; }

    /// <summary>Bytes of all stored tensors.</summary>
    public long WeightBytes => _checkpoint.StoredTensors.Sum(tensor => tensor.ByteLength);

    /// <summary>The model's tokenizer.</summary>
    /// <exception cref="ModelFileException">The model has none.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value ?? throw new ModelFileException(
        Path, "has no tokenizer, so text cannot be read or written. Put its tokenizer.json beside the weights, or give token ids with --ids.");

    /// <summary>The model's tokenizer, or null.</summary>
    public Tokenizer? TokenizerIfAny => _tokenizer.Value;

    /// <summary>Loads a model: a folder from Hugging Face, a .safetensors file in such a folder, or a .gguf file.</summary>
    /// <exception cref="ModelFileException">It is damaged, incomplete, or no model of this family; the message is fit for a person.</exception>
    /// <exception cref="InsufficientMemoryException">Its weights do not fit.</exception>
    public static LoadedModel Open(string path, LoadOptions? options = null, CancellationToken cancel = default)
    {
        var started = Stopwatch.GetTimestamp();
        var checkpoint = OuroCheckpoint.Open(path);
        try
        {
            return new LoadedModel(checkpoint, options ?? new LoadOptions(), started, cancel);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of memory, threads and files; nothing may be computing.</summary>
    public void Dispose()
    {
        _backend.Dispose();
        _weights.Dispose();
        _checkpoint.Dispose();
    }
}
