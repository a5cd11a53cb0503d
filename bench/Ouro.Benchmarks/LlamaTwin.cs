using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Model;

namespace Ouro.Benchmarks;

/// <summary>Turns an Ouro file into a Llama-type file of equal shape: the same bytes for every matrix, without the second norms, the gate and the loops.</summary>
/// <remarks>What such a file says is noise. It exists because llama.cpp does not know the architecture: one of its passes does the work of one loop.</remarks>
static class LlamaTwin
{
    const string Architecture = "llama";

    static readonly string[] SecondNorms = ["post_attention_norm.weight", "post_ffw_norm.weight"];
    static readonly string[] OnlyOuro = ["ouro.num_loops", "ouro.skip_loop_final_norm", GgufConfig.GateWeightKey, GgufConfig.GateBiasKey, GgufConfig.ThresholdKey];

    /// <exception cref="ModelFileException">The source cannot be read, or the output not written.</exception>
    public static void Write(string source, string output)
    {
        using var file = GgufFile.Open(source);
        StoredTensor[] tensors = [.. file.Tensors.Where(tensor => !SecondNorms.Any(norm => tensor.Name.EndsWith(norm, StringComparison.Ordinal)))];
        using var writer = GgufWriter.Create(output, Metadata(file.Metadata), tensors);
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
