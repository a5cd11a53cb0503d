using System.Text.Json.Nodes;
using Ouro.Formats;
using Ouro.Model;
using Ouro.Training;
using Ouro.Training.Data;
using Ouro.Training.Recipes;

namespace Ouro.Benchmarks;

/// <summary>A model to train and what a step is, the same for every side of a comparison.</summary>
/// <param name="Name">How tables call it.</param>
/// <param name="Documents">Documents in a step.</param>
/// <param name="Tokens">Tokens of a document that are read; each is asked for the next one.</param>
sealed record TrainingSize(string Name, OuroConfig Config, int Documents, int Tokens)
{
    const ulong Seed = 1;
    const int Loops = 4;
    const double RopeBase = 10_000;
    const float LearningRate = 3e-4f;
    const float Beta = 0.1f;

    public static IReadOnlyList<TrainingSize> All { get; } =
    [
        Of("1M", width: 128, layers: 4, feedForward: 352, heads: 4, vocabulary: 512, documents: 16),
        Of("10M", width: 320, layers: 7, feedForward: 864, heads: 5, vocabulary: 2048, documents: 8),
        Of("100M", width: 768, layers: 12, feedForward: 2048, heads: 12, vocabulary: 8192, documents: 4),
    ];

    public int TokensInStep => Documents * Tokens;

    /// <summary>Multiply-adds of all products for one token, forwards and twice as many backwards: what training cannot do without.</summary>
    public double MultiplyAddsPerToken
    {
        get
        {
            double width = Config.Width;
            var matrices = 4 * width * width + 3 * width * Config.FeedForwardWidth;
            var attention = 2 * width * (Tokens + 1) / 2;       // scores and values; half the pairs, since nobody looks ahead
            return 3 * Config.Loops * (Config.Layers * (matrices + attention) + width * Config.Vocabulary);
        }
    }

    /// <summary>What a side is told, but for its own settings.</summary>
    /// <param name="weights">Where <see cref="WriteWeights"/> has put the first weights.</param>
    public JsonObject Measures(string weights, int threads) => new()
    {
        ["size"] = Name,
        ["width"] = Config.Width,
        ["feed_forward_width"] = Config.FeedForwardWidth,
        ["heads"] = Config.Heads,
        ["layers"] = Config.Layers,
        ["loops"] = Config.Loops,
        ["vocabulary"] = Config.Vocabulary,
        ["norm_epsilon"] = Config.NormEpsilon,
        ["rope_base"] = Config.RopeTheta,
        ["tied_head"] = Config.TiedHead,
        ["documents"] = Documents,
        ["tokens"] = Tokens,
        ["beta"] = Beta,
        ["learning_rate"] = LearningRate,
        ["threads"] = threads,
        ["weights"] = weights,
    };

    /// <summary>The model before its first step.</summary>
    public TrainableModel NewModel() => TrainableModel.Random(Config, Seed);

    /// <summary>Writes that model for the other side.</summary>
    /// <returns>The file.</returns>
    public string WriteWeights(string folder)
    {
        var place = Path.Combine(folder, Name);
        Checkpoint.WriteModel(NewModel(), ElementType.F32, vocabulary: null, place, overwrite: false, threads: 0);
        return Path.Combine(place, "model.safetensors");
    }

    /// <summary>The tokens of a step, from 0: numbers of a linear congruential generator that begins at the step.</summary>
    public TokenBatch Batch(int step)
    {
        var state = (ulong)step;
        var examples = new Example[Documents];
        foreach (ref var example in examples.AsSpan())
        {
            var ids = new int[Tokens + 1];
            foreach (ref var id in ids.AsSpan())
            {
                state = unchecked(state * 6364136223846793005 + 1442695040888963407);
                id = (int)((state >> 33) % (ulong)Config.Vocabulary);
            }

            example = new Example(ids);
        }

        return TokenBatch.Of(examples);
    }

    static TrainingSize Of(string name, int width, int layers, int feedForward, int heads, int vocabulary, int documents) => new(
        name,
        new OuroConfig
        {
            Layers = layers,
            Width = width,
            Heads = heads,
            KvHeads = heads,
            HeadSize = width / heads,
            FeedForwardWidth = feedForward,
            Vocabulary = vocabulary,
            Loops = Loops,
            RopeTheta = RopeBase,
        },
        documents,
        Tokens: 128);
}
