using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Model;

namespace Ouro.Benchmarks;

/// <summary>Turns an Ouro file into a Llama-type file of equal shape: the same bytes for every matrix, without the second norms, the gate and the loops.</summary>
/// <remarks>
/// What such a file says is noise. It exists because llama.cpp does not know the architecture: one of its passes does the work of one loop. With
/// every layer written several times, one after the other stack, a pass does the work of as many loops, and reads as much; it takes the memory, too.
/// </remarks>
static class LlamaTwin
{
    const string Architecture = "llama";

    static readonly string[] SecondNorms = ["post_attention_norm.weight", "post_ffw_norm.weight"];
    static readonly string[] OnlyOuro = ["ouro.num_loops", "ouro.skip_loop_final_norm", GgufConfig.GateWeightKey, GgufConfig.GateBiasKey, GgufConfig.ThresholdKey];

    /// <param name="stacks">How many times the layers are written.</param>
    /// <exception cref="ModelFileException">The source cannot be read, or the output not written.</exception>
    public static void Write(string source, string output, int stacks = 1)
    {
        using var file = GgufFile.Open(source);
        StoredTensor[] kept = [.. file.Tensors.Where(tensor => !SecondNorms.Any(norm => tensor.Name.EndsWith(norm, StringComparison.Ordinal)))];
        var layers = 1 + kept.Max(LayerOf);
        var placed = kept.SelectMany(tensor => Enumerable.Range(0, LayerOf(tensor) < 0 ? 1 : stacks).Select(stack => (Tensor: tensor, Name: InStack(tensor, stack, layers)))).ToArray();
        StoredTensor[] tensors = [.. placed.Select(place => place.Tensor)];
        var metadata = Metadata(file.Metadata);
        metadata.Set(Architecture + ".block_count", (uint)(layers * stacks));
        using var writer = GgufWriter.Create(output, metadata, [.. placed.Select(place => new TensorSpec(place.Name, place.Tensor.Type, place.Tensor.Shape))]);
        var buffer = new byte[1 << 22];
        for (var i = 0; i < tensors.Length; i++)
            for (var done = 0L; done < tensors[i].ByteLength; done += buffer.Length)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensors[i].ByteLength - done));
                tensors[i].Read(done, part);
                writer.Write(i, done, part);
            }

        writer.Commit();
    }

    /// <summary>The layer of a tensor called blk.N.something; -1 for one outside the stack.</summary>
    static int LayerOf(StoredTensor tensor)
        => tensor.Name.Split('.') is ["blk", var number, ..] ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : -1;

    static string InStack(StoredTensor tensor, int stack, int layers)
        => LayerOf(tensor) is >= 0 and var layer
            ? $"blk.{layer + stack * layers}{tensor.Name[tensor.Name.IndexOf('.', 4)..]}"
            : tensor.Name;

    static GgufMetadata Metadata(GgufMetadata source)
    {
        var metadata = new GgufMetadata();
        foreach (var (key, value) in source.Entries)
            if (!OnlyOuro.Contains(key))
                metadata.Set(key.StartsWith("ouro.", StringComparison.Ordinal) ? Architecture + key["ouro".Length..] : key, value);

        metadata.Set("general.architecture", Architecture);
        metadata.Set("general.name", "random weights of equal shape");
        return metadata;
    }
}
