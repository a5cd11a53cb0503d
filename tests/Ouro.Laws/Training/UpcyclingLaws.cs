using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Training;

namespace Ouro.Laws.Training;

/// <summary>A larger stack is made of copies, in the order that was asked for.</summary>
public sealed class UpcyclingLaws : IDisposable
{
    static readonly string Source = Workshop.Golden("tiny-bf16");

    readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Theory]
    [InlineData(UpcycleOrder.BlockWise, new[] { 0, 1, 2, 0, 1, 2 })]
    [InlineData(UpcycleOrder.Interleaved, new[] { 0, 0, 1, 1, 2, 2 })]
    public void The_orders_are_what_they_are_called(UpcycleOrder order, int[] expected)
        => Enumerable.Range(0, 6).Select(layer => LayerCopies.SourceOf(layer, 3, 6, order)).ShouldBe(expected);

    [Theory]
    [InlineData(UpcycleOrder.BlockWise)]
    [InlineData(UpcycleOrder.Interleaved)]
    public void Every_tensor_is_a_copy_bit_for_bit(UpcycleOrder order)
    {
        using var source = OuroCheckpoint.Open(Source);
        var layers = source.Config.Layers * 2;

        var place = ModelUpcycling.ToSafetensors(source, layers, order, _shop["larger"], new ConversionOptions()).Path;

        using var larger = OuroCheckpoint.Open(place);
        larger.Config.ShouldBe(source.Config with { Layers = layers });
        foreach (var tensor in larger.Tensors)
        {
            var layer = tensor.Layer < 0 ? -1 : LayerCopies.SourceOf(tensor.Layer, source.Config.Layers, layers, order);
            var from = source.Tensors.Single(other => other.Role == tensor.Role && other.Layer == layer);
            var (copied, original) = (larger.Require(tensor), source.Require(from));
            copied.Type.ShouldBe(original.Type);
            Workshop.BytesOf(copied).ShouldBe(Workshop.BytesOf(original), tensor.HuggingFaceName);
        }
    }

    [Theory]
    [InlineData(UpcycleOrder.BlockWise)]
    [InlineData(UpcycleOrder.Interleaved)]
    public void In_memory_and_on_disk_are_the_same_copies(UpcycleOrder order)
    {
        using var source = OuroCheckpoint.Open(Source);
        var layers = source.Config.Layers * 3;
        using var disk = OuroCheckpoint.Open(ModelUpcycling.ToSafetensors(source, layers, order, _shop["larger"], new ConversionOptions()).Path);
        var smaller = TrainableModel.Open(source);
        var larger = smaller.Upcycle(layers, order);
        var read = TrainableModel.Open(disk);

        larger.Config.ShouldBe(read.Config);
        foreach (var (mine, other) in larger.Parameters.Zip(read.Parameters))
        {
            mine.Tensor.HuggingFaceName.ShouldBe(other.Tensor.HuggingFaceName);
            for (var row = 0; row < mine.Values.Rows; row++)
                mine.Values[row].SequenceEqual(other.Values[row]).ShouldBeTrue(mine.Tensor.HuggingFaceName);
        }
    }
}
