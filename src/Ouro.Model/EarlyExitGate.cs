using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Model;

/// <summary>The learned gate: after each loop, sigmoid(weight . state + bias) is the chance to stop there.</summary>
/// <param name="Weight">[D].</param>
/// <param name="Bias">One number.</param>
public sealed record EarlyExitGate(float[] Weight, float Bias)
{
    /// <summary>Reads the gate from wherever the file keeps it: tensors, or metadata arrays in either spelling. Null if it was lost.</summary>
    /// <exception cref="ModelFileException">Half of it is missing, two of them differ, it has the wrong size, or it holds NaN or an infinity.</exception>
    public static EarlyExitGate? Read(OuroCheckpoint checkpoint)
    {
        var weight = Numbers(checkpoint, TensorRole.GateWeight);
        var bias = Numbers(checkpoint, TensorRole.GateBias);
        if (weight is null && bias is null)
            return null;
        if (weight is null || bias is null)
        {
            throw new ModelFileException(
                checkpoint.Path, $"has the early-exit gate's {(weight is null ? "bias" : "weight")} but not its {(weight is null ? "weight" : "bias")}. "
                    + "Put the gate back with 'ouro repair FILE --from CHECKPOINT'.");
        }

        if (weight.Length != checkpoint.Config.Width || bias.Length != 1)
        {
            throw new ModelFileException(
                checkpoint.Path, $"has an early-exit gate of {weight.Length:N0} + {bias.Length:N0} numbers, but {checkpoint.Config.Width:N0} + 1 are "
                    + "needed. Put the gate back with 'ouro repair FILE --from CHECKPOINT'.");
        }

        return weight.Concat(bias).All(float.IsFinite)
            ? new EarlyExitGate(weight, bias[0])
            : throw new ModelFileException(
                checkpoint.Path, "the early-exit gate holds numbers that are NaN or infinite. The file is damaged; fetch it again.");
    }

    static float[]? Numbers(OuroCheckpoint checkpoint, TensorRole role)
    {
        var found = EveryForm(checkpoint, role).ToArray();
        return found.All(numbers => numbers.AsSpan().SequenceEqual(found[0])) ? found.FirstOrDefault() : throw new ModelFileException(
            checkpoint.Path, "holds two early-exit gates that differ, one as metadata and one as tensors or under another key, so nobody knows which "
                + "is meant. Fetch or convert it again.");
    }

    static IEnumerable<float[]> EveryForm(OuroCheckpoint checkpoint, TensorRole role)
    {
        if (checkpoint.Gguf?.Metadata is { } metadata)
        {
            foreach (var (weight, bias) in GgufConfig.GateKeys)
            {
                if (metadata.GetFloats(role == TensorRole.GateWeight ? weight : bias) is { } array)
                    yield return array;
            }
        }

        if (checkpoint.Find(checkpoint.Tensors.First(tensor => tensor.Role == role)) is { } stored)
            yield return StoredNumbers.Read(stored);
    }
}

/// <summary>Small stored tensors as single-precision numbers.</summary>
static class StoredNumbers
{
    public static float[] Read(StoredTensor stored)
    {
        var bytes = new byte[stored.ByteLength];
        stored.Read(0, bytes);
        var values = new float[stored.ElementCount];
        ElementFormats.Decode(stored.Type, bytes, values);
        return values;
    }
}
