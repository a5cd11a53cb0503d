using System.Text.Json;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Golden;

/// <summary>A golden checkpoint opened for one test, and the JSON that belongs to it.</summary>
sealed class LoadedModel : IDisposable
{
    readonly OuroCheckpoint _checkpoint;
    readonly OuroWeights _weights;
    readonly CpuBackend _backend;

    public LoadedModel(string path, int threads = 2, ActivationType activations = ActivationType.F32)
    {
        _checkpoint = OuroCheckpoint.Open(path);
        _backend = new CpuBackend(threads);
        _weights = OuroWeights.Load(_checkpoint, _backend, activations);
        Model = new OuroModel(_weights, _backend);
    }

    public OuroModel Model { get; }

    public void Dispose()
    {
        _backend.Dispose();
        _weights.Dispose();
        _checkpoint.Dispose();
    }

    public static LoadedModel Golden(string relative) => new(GoldenData.Path(relative));

    public static JsonElement Json(string relative)
    {
        using var stream = File.OpenRead(GoldenData.Path(relative));
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}

static class JsonNumbers
{
    public static float[] Floats(this JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetSingle())];

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];
}

/// <summary>How near is near enough, and why.</summary>
static class Tolerance
{
    /// <summary>Single precision stays this near to the float64 reference over all loops of the golden models.</summary>
    public const float Forward = 1e-4f;

    /// <summary>A choice between two tokens nearer than this may fall either way: rounding in a long text drifts to 6e-4.</summary>
    public const float Tie = 1e-3f;
}
