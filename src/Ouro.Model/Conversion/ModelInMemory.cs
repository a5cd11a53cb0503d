using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>Copies numbers <paramref name="first"/> and following of a tensor, in the order of published checkpoints. Called from several threads.</summary>
public delegate void NumberReader(ModelTensor tensor, long first, Span<float> values);

/// <summary>Ids that a generation_config.json tells: null or empty where there are none.</summary>
/// <param name="Begin">Begins a text.</param>
/// <param name="Stops">End a reply.</param>
/// <param name="Padding">Fills up.</param>
public sealed record TextEnds(int? Begin, IReadOnlyList<int> Stops, int? Padding);

/// <summary>Writes a model whose numbers are in memory, such as one that was trained here.</summary>
public static class ModelInMemory
{
    /// <summary>Writes a folder with safetensors, config.json and generation_config.json.</summary>
    /// <param name="type">BF16, F16 or F32, for every tensor.</param>
    /// <param name="numbers">Gives the numbers of every tensor of a model of these measures.</param>
    /// <param name="output">The folder; one that exists is filled only if <see cref="ConversionOptions.Overwrite"/> allows it, and then keeps other files that lie in it.</param>
    /// <param name="options">Threads, whether to overwrite, and files to add; the rest does not apply.</param>
    /// <exception cref="ModelFileException">The output cannot be written.</exception>
    public static ConversionResult ToSafetensors(
        OuroConfig config, ElementType type, NumberReader numbers, TextEnds ends, string output, ConversionOptions options, CancellationToken cancel = default)
    {
        ModelConversion.CheckPlace(source: null, output, options.Overwrite);
        PlannedTensor[] tensors = [.. ModelTensors.Of(config).Select(tensor =>
            new PlannedTensor(new TensorSpec(tensor.HuggingFaceName, type, tensor.Shape), new ReadSource(tensor, numbers, type)))];
        using var folder = new CheckpointFolder(output, options.Overwrite);
        var bytes = folder.WriteTensors(tensors, dropped: [], options.Threads, progress: null, cancel);
        folder.WriteConfiguration(config, type, ends);
        options.AddFiles?.Invoke(folder.Path);
        folder.Commit();
        return new ConversionResult(output, type.ToString().ToLowerInvariant(), bytes, [], []);
    }

    sealed class ReadSource(ModelTensor tensor, NumberReader numbers, ElementType type) : ITensorSource
    {
        public long Bytes => type.BytesFor(tensor.ElementCount);

        public void Make(long first, int count, Span<byte> encoded, ChunkBuffers buffers)
        {
            var values = buffers.Values(count);
            numbers(tensor, first, values);
            ElementFormats.Encode(type, values, encoded);
        }
    }
}
