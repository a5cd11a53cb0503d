using System.Text.Json.Nodes;
using Ouro.Formats;
using Ouro.Laws.Conversion;
using Ouro.Laws.Formats;
using Ouro.Model;
using Ouro.Training;

namespace Ouro.Laws.Training;

/// <summary>A checkpoint is trained on whole or not at all.</summary>
public sealed class TrainableModelLaws : IDisposable
{
    static readonly string Source = Workshop.Golden("tiny-f32-tied");

    readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public void A_tensor_of_no_part_of_the_model_is_refused()
        => ShouldRefuse(
            _shop.RewritePublished(Source, "more", null, (new TensorSpec("model.adapter.weight", ElementType.F32, [1]), new byte[4])), "'model.adapter.weight'", "--drop");

    [Fact]
    public void Layers_that_the_configuration_does_not_know_are_refused()
    {
        var place = _shop.RewritePublished(Source, "cut");
        var file = Path.Combine(place, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(file))!;
        config["num_hidden_layers"] = config["num_hidden_layers"]!.GetValue<int>() - 1;
        if (config["layer_types"] is JsonArray types)
            types.RemoveAt(types.Count - 1);
        File.WriteAllText(file, config.ToJsonString());

        ShouldRefuse(place, "belongs to layer");
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused_by_the_tensors_name()
        => ShouldRefuse(
            _shop.RewritePublished(Source, "nan", tensor => [(tensor, Spoilt(tensor, "model.layers.1.mlp.up_proj.weight"))]),
            "'model.layers.1.mlp.up_proj.weight'", "NaN or infinite");

    static byte[] Spoilt(StoredTensor tensor, string name)
    {
        var bytes = Workshop.BytesOf(tensor);
        if (tensor.Name == name)
            BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - sizeof(float)), float.PositiveInfinity);
        return bytes;
    }

    static void ShouldRefuse(string place, params string[] words)
    {
        using var checkpoint = OuroCheckpoint.Open(place);

        var problem = Should.Throw<ModelFileException>(() => TrainableModel.Open(checkpoint));

        Sentences.ShouldBeOneLine(problem);
        foreach (var word in words)
            problem.Message.ShouldContain(word);
    }
}
