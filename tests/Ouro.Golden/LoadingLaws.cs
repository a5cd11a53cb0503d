using Ouro.Formats;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Golden;

/// <summary>Weights on their way from a file into memory.</summary>
public sealed class LoadingLaws
{
    const string Quantized = "gguf/ouro-Q4_K_M.gguf";

    [Fact]
    public void Every_packed_byte_is_reported_in_order()
    {
        using var checkpoint = OuroCheckpoint.Open(GoldenData.Path(Quantized));
        using var backend = new CpuBackend(2);
        var reports = new Reports();
        using var weights = OuroWeights.Load(checkpoint, backend, progress: reports);

        var packed = checkpoint.StoredTensors
            .Where(tensor => tensor.Type.IsQuantized && (checkpoint.Config.TiedHead || tensor.Name != "token_embd.weight")).Sum(tensor => tensor.ByteLength);
        reports.Seen.Select(report => report.BytesDone).ShouldBeInOrder(SortDirection.Ascending);
        reports.Seen[^1].BytesDone.ShouldBe(packed);
        reports.Seen.ShouldAllBe(report => report.BytesTotal == packed);
    }

    [Fact]
    public void Nothing_is_packed_for_single_precision()
    {
        using var checkpoint = OuroCheckpoint.Open(GoldenData.Path(Quantized));
        using var backend = new CpuBackend(1);
        var reports = new Reports();
        using var weights = OuroWeights.Load(checkpoint, backend, ActivationType.F32, reports);

        weights.Activations.ShouldBe(ActivationType.F32);
        reports.Seen.ShouldBeEmpty();
    }

    [Fact]
    public void Loading_can_be_cancelled()
    {
        using var checkpoint = OuroCheckpoint.Open(GoldenData.Path(Quantized));
        using var backend = new CpuBackend(2);
        using var source = new CancellationTokenSource();
        var reports = new Reports { Then = source.Cancel };

        Should.Throw<OperationCanceledException>(() => OuroWeights.Load(checkpoint, backend, progress: reports, cancel: source.Token));

        reports.Seen.Count.ShouldBe(1);
    }

    [Fact]
    public void A_scale_that_is_no_number_is_named_with_its_tensor()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("ouro-").FullName, "damaged.gguf");
        try
        {
            File.Copy(GoldenData.Path(Quantized), path);
            string name;
            long place;
            using (var whole = OuroCheckpoint.Open(path))
            {
                var tensor = whole.StoredTensors.First(tensor => tensor.Type == ElementType.Q4_K && tensor.Name.StartsWith("blk.", StringComparison.Ordinal));
                (name, place) = (tensor.Name, tensor.FileOffset);
            }

            using (var file = File.OpenWrite(path))
            {
                file.Position = place;
                file.Write(BitConverter.GetBytes(Half.NaN));
            }

            using var checkpoint = OuroCheckpoint.Open(path);
            using var backend = new CpuBackend(2);

            Should.Throw<ModelFileException>(() => OuroWeights.Load(checkpoint, backend)).Message.ShouldContain($"{name}': a scale is NaN or infinite");
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    sealed class Reports : IProgress<TensorProgress>
    {
        public List<TensorProgress> Seen { get; } = [];

        public Action? Then { get; init; }

        public void Report(TensorProgress value)
        {
            Seen.Add(value);
            Then?.Invoke();
        }
    }
}
