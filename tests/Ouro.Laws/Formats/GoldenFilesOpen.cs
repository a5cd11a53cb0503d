using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;

namespace Ouro.Laws.Formats;

/// <summary>Files that llama.cpp and safetensors wrote.</summary>
public sealed class GoldenFilesOpen
{
    [Theory, InlineData("Q3_K_L"), InlineData("Q4_K_M"), InlineData("Q5_K_M"), InlineData("Q6_K"), InlineData("Q8_0")]
    public void A_file_written_by_llama_cpp_opens_whole(string mix)
    {
        using var file = GgufFile.Open(Golden($"gguf/ouro-{mix}.gguf"));

        file.Version.ShouldBe(3);
        file.Tensors.Count.ShouldBe(25);
        file.Metadata.GetString("general.architecture").ShouldBe("ouro");
        file.Metadata.GetInteger("ouro.num_loops").ShouldBe(4);
        file.Metadata.GetFloats("ouro.early_exit.gate_weight")!.Length.ShouldBe(256);
        file.Find("token_embd.weight")!.Shape.ShouldBe([320, 256]);
        file.Tensors.ShouldAllBe(tensor => tensor.Map().Length == tensor.ByteLength);
    }

    [Theory, InlineData("tiny-bf16", 38), InlineData("tiny-f32-tied", 26), InlineData("one-layer-32-loops", 16), InlineData("gguf/source", 27)]
    public void A_Hugging_Face_folder_opens_whole(string folder, int tensors)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(Golden(folder));

        checkpoint.Folder.ShouldBe(Golden(folder));
        checkpoint.Tensors.Count.ShouldBe(tensors);
        checkpoint.Find("model.norm.weight")!.Shape.Length.ShouldBe(1);
        checkpoint.Tensors.ShouldAllBe(tensor => tensor.Map().Length == tensor.ByteLength);
    }

    static string Golden(string relative) => Repository.Path($"tests/Ouro.Golden/data/{relative}");
}
