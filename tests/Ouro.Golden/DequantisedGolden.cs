using System.Globalization;
using System.Security.Cryptography;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Golden;

/// <summary>Files that llama.cpp quantised: we read the numbers that it reads, and store them with no more error than it does.</summary>
public sealed class DequantisedGolden
{
    public static readonly TheoryData<string> Mixes = ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_L"];

    [Theory, MemberData(nameof(Mixes))]
    public void Every_tensor_decodes_to_the_numbers_that_the_peer_decodes(string mix)
    {
        using var file = GgufFile.Open(GoldenData.Path($"gguf/ouro-{mix}.gguf"));
        var expected = Expected(mix);

        file.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal)
            .ShouldBe(expected.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in expected)
        {
            var stored = file.Find(tensor.Name).ShouldNotBeNull();
            stored.Type.ShouldBe(tensor.Type);
            var bytes = MemoryMarshal.AsBytes<float>(Numbers(stored));
            Convert.ToHexStringLower(SHA256.HashData(bytes)).ShouldBe(tensor.Sha256, tensor.Name);
        }
    }

    [Theory, MemberData(nameof(Mixes))]
    public void Every_tensor_is_encoded_with_no_more_error_than_the_peer_makes(string mix)
    {
        using var source = SafetensorsCheckpoint.Open(GoldenData.Path("gguf/source"));
        foreach (var tensor in Expected(mix))
        {
            var original = Numbers(source.Find(SourceName(tensor.Name)).ShouldNotBeNull());
            var blocks = new byte[tensor.Type.BytesFor(original.Length)];
            ElementFormats.Encode(tensor.Type, original, blocks);
            var decoded = new float[original.Length];
            ElementFormats.Decode(tensor.Type, blocks, decoded);

            RelativeError(original, decoded).ShouldBeLessThanOrEqualTo(tensor.RelativeError, $"{tensor.Name} as {tensor.Type}");
        }
    }

    sealed record ExpectedTensor(string Name, ElementType Type, string Sha256, double RelativeError);

    static ExpectedTensor[] Expected(string mix)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(GoldenData.Path("gguf/dequantised.json")));
        return
        [
            .. json.RootElement.GetProperty(mix).EnumerateObject().Select(tensor => new ExpectedTensor(
                tensor.Name,
                Enum.Parse<ElementType>(tensor.Value.GetProperty("type").GetString()!),
                tensor.Value.GetProperty("sha256_f32_le").GetString()!,
                tensor.Value.GetProperty("rmse_relative").GetDouble())),
        ];
    }

    static float[] Numbers(StoredTensor tensor)
    {
        var numbers = new float[tensor.ElementCount];
        ElementFormats.Decode(tensor.Type, tensor.Map().Span, numbers);
        return numbers;
    }

    static double RelativeError(float[] original, float[] decoded)
    {
        var (error, size) = (0.0, 0.0);
        for (var i = 0; i < original.Length; i++)
        {
            error += Math.Pow(original[i] - (double)decoded[i], 2);
            size += Math.Pow(original[i], 2);
        }

        return Math.Sqrt(error / size);
    }

    // Rows of queries and keys are in another order in the GGUF; blocks lie within rows, so the error is the same.
    static string SourceName(string name)
    {
        var parts = name.Split('.');
        return parts[0] switch
        {
            "output" => "lm_head.weight",
            "output_norm" => "model.norm.weight",
            "token_embd" => "model.embed_tokens.weight",
            _ => string.Create(CultureInfo.InvariantCulture, $"model.layers.{parts[1]}.{LayerPart(parts[2])}.weight"),
        };
    }

    static string LayerPart(string name) => name switch
    {
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        "attn_norm" => "input_layernorm",
        "post_attention_norm" => "input_layernorm_2",
        "ffn_norm" => "post_attention_layernorm",
        "post_ffw_norm" => "post_attention_layernorm_2",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No source name is known for this tensor."),
    };
}
