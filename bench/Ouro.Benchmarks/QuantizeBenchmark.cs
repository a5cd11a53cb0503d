using Ouro.Cli.Bench;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Benchmarks;

/// <summary>Time and error of encoding Gaussian weights, ours beside llama.cpp's where its library is given.</summary>
static class QuantizeBenchmark
{
    const int Rows = 256;
    const int RowLength = 2048;
    const float Deviation = 0.02f;

    static readonly ElementType[] Types = [ElementType.Q8_0, ElementType.Q6_K, ElementType.Q5_K, ElementType.Q4_K, ElementType.Q3_K];

    public static void Run(DirectoryInfo? peer, bool write)
    {
        var report = new Report("quantize");
        using var ggml = peer is null ? null : new GgmlLibrary(peer.FullName);
        var table = new Table(
            new("type"), new("ours, best M weights/s", "0.0"), new("ours, median", "0.0"), new("llama.cpp, best M weights/s", "0.0"), new("llama.cpp, median", "0.0"),
            new("ours / llama.cpp", "0.00"), new("relative RMSE, ours", "0.00000"), new("relative RMSE, llama.cpp", "0.00000"));
        var values = Gaussian(Rows * RowLength);
        foreach (var type in Types)
            Measure(type, values, ggml, table);

        report.Add("quantize", table);
        report.Note($"{values.Length:N0} Gaussian weights, one thread; the two take turns in one process. Both errors are taken with our decoder: the layouts are the same.");
        report.Note(ggml is null
            ? "No peer library was given."
            : $"llama.cpp is ggml_quantize_chunk without an importance matrix, from ggml {ggml.Version} as packaged by node-llama-cpp. The package holds one libggml-base for "
                + "every processor of the platform, so its quantiser was compiled for the oldest of them (SSE2 on x86-64); one compiled for this machine may be faster.");
        report.Finish(write);
    }

    static void Measure(ElementType type, float[] values, GgmlLibrary? ggml, Table table)
    {
        var ours = new byte[type.BytesFor(values.Length)];
        var theirs = new byte[ours.Length];
        var million = values.Length / 1e6;
        if (ggml is null)
        {
            var alone = Samples.Repeat(TimeSpan.FromSeconds(4), () => ElementFormats.Encode(type, values, ours));
            table.Add(type.ToString(), million / alone.Best, million / alone.Median, null, null, null, RelativeError(type, ours, values), null);
            return;
        }

        var times = Samples.Alternate(
            TimeSpan.FromSeconds(8), () => ElementFormats.Encode(type, values, ours), () => ggml.Quantize(type, values, Rows, theirs));
        table.Add(
            type.ToString(), million / times[0].Best, million / times[0].Median, million / times[1].Best, million / times[1].Median,
            times[1].Best / times[0].Best, RelativeError(type, ours, values), RelativeError(type, theirs, values));
    }

    /// <summary>Root mean square of the error, relative to that of the weights.</summary>
    static double RelativeError(ElementType type, byte[] blocks, float[] values)
    {
        var decoded = new float[values.Length];
        ElementFormats.Decode(type, blocks, decoded);
        var (error, power) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            error += Math.Pow(decoded[i] - (double)values[i], 2);
            power += Math.Pow(values[i], 2);
        }

        return Math.Sqrt(error / power);
    }

    static float[] Gaussian(int count)
    {
        var random = new Random(1);
        var numbers = new float[count];
        foreach (ref var number in numbers.AsSpan())
            number = Deviation * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

        return numbers;
    }
}
