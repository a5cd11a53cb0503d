using System.Collections.Immutable;
using System.Globalization;

namespace Ouro.Model;

/// <summary>What a tensor is for.</summary>
public enum TensorRole
{
    /// <summary>One row per token.</summary>
    Embedding,

    /// <summary>From the normed state to the logits.</summary>
    Head,

    /// <summary>The norm at the end of every loop.</summary>
    FinalNorm,

    /// <summary>The early-exit gate's weight.</summary>
    GateWeight,

    /// <summary>The early-exit gate's bias.</summary>
    GateBias,

    /// <summary>The norm before attention.</summary>
    AttentionIn,

    /// <summary>Queries.</summary>
    Query,

    /// <summary>Keys.</summary>
    Key,

    /// <summary>Values.</summary>
    Value,

    /// <summary>From the heads back to the state.</summary>
    AttentionOutput,

    /// <summary>The norm of attention's result, before it joins the residual stream.</summary>
    AttentionOut,

    /// <summary>The norm before the feed-forward part.</summary>
    FeedForwardIn,

    /// <summary>The gate of SwiGLU.</summary>
    FeedForwardGate,

    /// <summary>The other factor of SwiGLU.</summary>
    FeedForwardUp,

    /// <summary>From the hidden layer back to the state.</summary>
    FeedForwardDown,

    /// <summary>The norm of the feed-forward part's result, before it joins the residual stream.</summary>
    FeedForwardOut,
}

/// <summary>One tensor that a model of given measures has, with its name in either kind of file.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Layer">Its layer, counted from 0; -1 for the tensors that are there once.</param>
/// <param name="HuggingFaceName">Its name in published checkpoints.</param>
/// <param name="GgufName">Its name in GGUF files; the gate's is only read, since the gate is written as metadata.</param>
/// <param name="Shape">Row-major, outermost first.</param>
public sealed record ModelTensor(TensorRole Role, int Layer, string HuggingFaceName, string GgufName, ImmutableArray<long> Shape)
{
    /// <summary>Numbers in it.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>True for the gate's two tensors, which GGUF files carry as metadata.</summary>
    public bool IsGate => Role is TensorRole.GateWeight or TensorRole.GateBias;

    /// <summary>True for norms, which are never quantised.</summary>
    public bool IsNorm => Role is TensorRole.FinalNorm
        or TensorRole.AttentionIn or TensorRole.AttentionOut or TensorRole.FeedForwardIn or TensorRole.FeedForwardOut;

    /// <summary>True for the norms that Llama-like programs do not know: without them the model prints garbage.</summary>
    public bool IsSecondNorm => Role is TensorRole.AttentionOut or TensorRole.FeedForwardOut;

    /// <summary>True for query and key weights, whose rows GGUF files keep in another order.</summary>
    public bool IsRotated => Role is TensorRole.Query or TensorRole.Key;
}

/// <summary>The one table of tensors and their names.</summary>
/// <remarks>
/// Two published names mislead: <c>input_layernorm_2</c> is the norm <em>after</em> attention, and <c>post_attention_layernorm</c> is the norm
/// before the feed-forward part. GGUF names are those of the published Ouro GGUF files.
/// </remarks>
public static class ModelTensors
{
    /// <summary>Other names under which files carry the gate as tensors.</summary>
    internal static readonly (TensorRole Role, string Name)[] GateAliases =
    [
        (TensorRole.GateWeight, "early_exit_gate.weight"), (TensorRole.GateBias, "early_exit_gate.bias"),
        (TensorRole.GateWeight, "cls.output.weight"), (TensorRole.GateBias, "cls.output.bias"),
        (TensorRole.GateWeight, "model.early_exit_gate.weight"), (TensorRole.GateBias, "model.early_exit_gate.bias"),
    ];

    /// <summary>Every tensor of a model of these measures, in the order of a published checkpoint's layers; no head if it is tied.</summary>
    public static IReadOnlyList<ModelTensor> Of(OuroConfig config)
    {
        var tensors = new List<ModelTensor> { Once(TensorRole.Embedding, config) };
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var number = layer.ToString(CultureInfo.InvariantCulture);
            foreach (var (role, huggingFace, gguf, shape) in PerLayer)
                tensors.Add(new ModelTensor(role, layer, $"model.layers.{number}.{huggingFace}.weight", $"blk.{number}.{gguf}.weight", shape(config)));
        }

        tensors.Add(Once(TensorRole.FinalNorm, config));
        tensors.Add(Once(TensorRole.GateWeight, config));
        tensors.Add(Once(TensorRole.GateBias, config));
        if (!config.TiedHead)
            tensors.Add(Once(TensorRole.Head, config));
        return tensors;
    }

    static readonly (TensorRole Role, string HuggingFace, string Gguf, Func<OuroConfig, ImmutableArray<long>> Shape)[] Globals =
    [
        (TensorRole.Embedding, "model.embed_tokens.weight", "token_embd.weight", c => [c.Vocabulary, c.Width]),
        (TensorRole.FinalNorm, "model.norm.weight", "output_norm.weight", c => [c.Width]),
        (TensorRole.GateWeight, "model.early_exit_gate.weight", "early_exit_gate.weight", c => [1, c.Width]),
        (TensorRole.GateBias, "model.early_exit_gate.bias", "early_exit_gate.bias", _ => [1]),
        (TensorRole.Head, "lm_head.weight", "output.weight", c => [c.Vocabulary, c.Width]),
    ];

    static readonly (TensorRole Role, string HuggingFace, string Gguf, Func<OuroConfig, ImmutableArray<long>> Shape)[] PerLayer =
    [
        (TensorRole.AttentionIn, "input_layernorm", "attn_norm", c => [c.Width]),
        (TensorRole.Query, "self_attn.q_proj", "attn_q", c => [c.QueryWidth, c.Width]),
        (TensorRole.Key, "self_attn.k_proj", "attn_k", c => [c.KvWidth, c.Width]),
        (TensorRole.Value, "self_attn.v_proj", "attn_v", c => [c.KvWidth, c.Width]),
        (TensorRole.AttentionOutput, "self_attn.o_proj", "attn_output", c => [c.Width, c.QueryWidth]),
        (TensorRole.AttentionOut, "input_layernorm_2", "post_attention_norm", c => [c.Width]),
        (TensorRole.FeedForwardIn, "post_attention_layernorm", "ffn_norm", c => [c.Width]),
        (TensorRole.FeedForwardGate, "mlp.gate_proj", "ffn_gate", c => [c.FeedForwardWidth, c.Width]),
        (TensorRole.FeedForwardUp, "mlp.up_proj", "ffn_up", c => [c.FeedForwardWidth, c.Width]),
        (TensorRole.FeedForwardDown, "mlp.down_proj", "ffn_down", c => [c.Width, c.FeedForwardWidth]),
        (TensorRole.FeedForwardOut, "post_attention_layernorm_2", "post_ffw_norm", c => [c.Width]),
    ];

    /// <summary>What both kinds of file call a tensor that is there once.</summary>
    internal static (string HuggingFace, string Gguf) NamesOf(TensorRole role)
        => Array.Find(Globals, row => row.Role == role) is { HuggingFace: { } huggingFace, Gguf: { } gguf }
            ? (huggingFace, gguf)
            : throw new ArgumentOutOfRangeException(nameof(role), role, "This tensor is there once per layer.");

    static ModelTensor Once(TensorRole role, OuroConfig config)
    {
        var (_, huggingFace, gguf, shape) = Array.Find(Globals, row => row.Role == role);
        return new ModelTensor(role, -1, huggingFace, gguf, shape(config));
    }
}
