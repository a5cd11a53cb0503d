using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Tensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>Models of real shapes with random weights: what memory and speed are measured on without a download.</summary>
/// <remarks>
/// Weights are nearly Gaussian with standard deviation 0.02 (see <see cref="GaussianNumbers"/>), norms 1 with deviation 0.05; the gate's logits come out at
/// about -0.5 with deviation 0.5, so that chances to stop lie between a quarter and a half. All are rounded to BF16 before they are stored, as in published checkpoints. The numbers depend on the
/// seed and the shape alone: neither on the number of threads, nor on the type or file format, so a file in one type is the same model as one in another.
/// </remarks>
public static class SyntheticModel
{
    /// <summary>Bytes of the tensors of a model stored in GGUF, norms included, metadata not.</summary>
    public static long WeightBytes(OuroConfig config, WeightMix mix)
        => GgufSpecs(config, mix).Sum(spec => spec.ByteLength);

    /// <summary>Writes a GGUF file.</summary>
    /// <param name="options">The mix (BF16 when null), metadata to add such as a tokenizer's, threads, and whether to overwrite; the rest does not apply.</param>
    /// <exception cref="ModelFileException">The output cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Asked for; nothing is left behind.</exception>
    public static ConversionResult ToGguf(
        OuroConfig config, ulong seed, string output, ConversionOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        ModelConversion.CheckPlace(source: null, output, options.Overwrite);
        var mix = options.Mix ?? WeightMix.Find("bf16")!;
        var tensors = ModelTensors.Of(config).Where(tensor => !tensor.IsGate)
            .Select(tensor => Planned(tensor, config, seed, new TensorSpec(tensor.GgufName, mix.TypeOf(tensor, config), tensor.Shape), RopeLayout.Interleaved));
        var plan = new OutputPlan([.. tensors], mix.Name);

        var metadata = new GgufMetadata();
        metadata.Set(GgufConfig.ArchitectureKey, GgufConfig.Architecture);
        metadata.Set("general.name", options.ModelName ?? "synthetic");
        metadata.Set("general.description", $"random weights, seed {seed}");
        GgufConfig.Write(config, metadata);
        OutputPlan.SetGate(metadata, Gate(config, seed));
        metadata.Set("general.file_type", (uint)mix.FileType);
        metadata.Set("general.quantization_version", 2u);
        foreach (var (key, value) in options.Metadata?.Entries ?? [])
            metadata.Set(key, value);
        return ModelConversion.WriteGguf(output, plan, metadata, options.Threads, [], [], progress, cancel);
    }

    /// <summary>Writes a folder with safetensors and a config.json.</summary>
    /// <inheritdoc cref="ToGguf"/>
    public static ConversionResult ToSafetensors(
        OuroConfig config, ulong seed, string output, ConversionOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        ModelConversion.CheckPlace(source: null, output, options.Overwrite);
        var mix = options.Mix ?? WeightMix.Find("bf16")!;
        if (mix.Base.IsQuantized)
            throw new ModelFileException(output, $"safetensors files hold bf16, f16 and f32, not {mix.Name}. Choose one of these, or write "
                + $"GGUF.");

        PlannedTensor[] tensors = [.. ModelTensors.Of(config)
            .Select(tensor => Planned(tensor, config, seed, new TensorSpec(tensor.HuggingFaceName, mix.Base, tensor.Shape), RopeLayout.Halves))];
        using var folder = new CheckpointFolder(output, options.Overwrite);
        var bytes = folder.WriteTensors(tensors, dropped: [], options.Threads, progress, cancel);
        AtomicFile.WriteAllText(Path.Combine(folder.Path, HuggingFaceConfig.FileName), HuggingFaceConfig.Write(config, mix.Base));
        options.AddFiles?.Invoke(folder.Path);
        folder.Commit();
        return new ConversionResult(output, mix.Name, bytes, [], []);
    }

    static IEnumerable<TensorSpec> GgufSpecs(OuroConfig config, WeightMix mix)
        => ModelTensors.Of(config).Where(tensor => !tensor.IsGate).Select(tensor => new TensorSpec(tensor.GgufName, mix.TypeOf(tensor, config), tensor.Shape));

    static PlannedTensor Planned(ModelTensor tensor, OuroConfig config, ulong seed, TensorSpec target, RopeLayout layout)
        => new(target, new RandomSource(
            RandomRows.Of(tensor, config, seed), RowOrder.Between(tensor, config.HeadSize, RopeLayout.Halves, layout), target));

    static EarlyExitGate Gate(OuroConfig config, ulong seed)
    {
        var tensors = ModelTensors.Of(config);
        var weight = new float[config.Width];
        var bias = new float[1];
        RandomRows.Of(tensors.First(tensor => tensor.Role == TensorRole.GateWeight), config, seed).Fill(0, 0, weight);
        RandomRows.Of(tensors.First(tensor => tensor.Role == TensorRole.GateBias), config, seed).Fill(0, 0, bias);
        return new EarlyExitGate(weight, bias[0]);
    }
}

/// <summary>The rows of one random tensor, in the order of published checkpoints: each depends on the seed, the tensor and its number alone.</summary>
sealed record RandomRows(ulong Seed, ulong Tensor, float Mean, float Deviation)
{
    /// <summary>Numbers after which a row goes on with another stream, so that a chunk can start inside a long row.</summary>
    public const int StreamNumbers = 4096;

    public static RandomRows Of(ModelTensor tensor, OuroConfig config, ulong seed)
    {
        var (mean, deviation) = tensor switch
        {
            { IsNorm: true } => (1, 0.05f),
            { Role: TensorRole.GateWeight } => (0, 0.5f / MathF.Sqrt(config.Width)),
            { Role: TensorRole.GateBias } => (-0.5f, 0.05f),
            _ => (0, 0.02f),
        };
        return new RandomRows(seed, ((ulong)tensor.Role << 32) | (uint)(tensor.Layer + 1), mean, deviation);
    }

    /// <param name="column">A multiple of <see cref="StreamNumbers"/>.</param>
    public void Fill(long row, long column, Span<float> values)
    {
        for (var done = 0; done < values.Length; done += StreamNumbers)
        {
            var stream = ((ulong)row << 12) | (ulong)((column + done) / StreamNumbers);
            new GaussianNumbers(Seed ^ (Tensor * 0xD134_2543_DE82_EF95), stream)
                .Fill(values.Slice(done, Math.Min(StreamNumbers, values.Length - done)), Mean, Deviation);
        }

        RoundToBF16(values);
    }

    static void RoundToBF16(Span<float> values)
    {
        Span<ushort> bits = stackalloc ushort[StreamNumbers];
        for (var done = 0; done < values.Length; done += StreamNumbers)
        {
            var part = values.Slice(done, Math.Min(StreamNumbers, values.Length - done));
            BF16.Narrow(part, bits[..part.Length]);
            BF16.Widen(bits[..part.Length], part);
        }
    }
}

/// <summary>A random tensor in the type and row order of the file to be written.</summary>
sealed class RandomSource(RandomRows rows, RowOrder order, TensorSpec target) : ITensorSource
{
    public long Bytes => target.ByteLength;

    public void Make(long first, int count, Span<byte> encoded, ChunkBuffers buffers)
    {
        var values = target.Type == ElementType.F32 ? MemoryMarshal.Cast<byte, float>(encoded) : buffers.Values(count);
        var rowLength = target.Shape[^1];
        for (var done = 0; done < count;)
        {
            var (row, column) = Math.DivRem(first + done, rowLength);
            var length = (int)Math.Min(rowLength - column, count - done);
            Fill(order.SourceOf(row), column, values.Slice(done, length), buffers);
            done += length;
        }

        if (target.Type != ElementType.F32)
            ElementFormats.Encode(target.Type, values, encoded);
    }

    /// <summary>A chunk may start inside a stream; the numbers before it are made and thrown away.</summary>
    void Fill(long row, long column, Span<float> values, ChunkBuffers buffers)
    {
        var skipped = (int)(column % RandomRows.StreamNumbers);
        if (skipped == 0)
        {
            rows.Fill(row, column, values);
            return;
        }

        var whole = buffers.Others(skipped + values.Length);
        rows.Fill(row, column - skipped, whole);
        whole[skipped..].CopyTo(values);
    }
}
