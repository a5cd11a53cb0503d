using Ouro.Text;

namespace Ouro.Serving.Store;

/// <summary>Measures of a stored model, noted when it came into the store so that lists need not open it.</summary>
/// <param name="Type">The type of most of its bytes, or the mix it was asked to have, such as <c>q4_k_m</c>.</param>
/// <param name="Parameters">Trained numbers.</param>
/// <param name="Layers">Layers of the stack.</param>
/// <param name="Loops">Times that the stack was trained to run.</param>
/// <param name="ContextTokens">Longest text it was trained for.</param>
/// <param name="HasGate">Whether tokens can leave the loops early.</param>
public sealed record StoredDetails(string Type, long Parameters, int Layers, int Loops, int ContextTokens, bool HasGate);

/// <summary>A model in the store: what a name stands for. Immutable.</summary>
public sealed record StoredModel
{
    /// <summary>What it is called.</summary>
    public required ModelName Name { get; init; }

    /// <summary>The digest of all that is known about it, which changes whenever anything about it does.</summary>
    public required Digest Digest { get; init; }

    /// <summary>The digest of its GGUF file.</summary>
    public required Digest Weights { get; init; }

    /// <summary>Bytes of its GGUF file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Where the GGUF file lies; commands and servers open it there.</summary>
    public required string Path { get; init; }

    /// <summary>Where it came from, in words that FROM understands: a path, a name, or <c>hf:owner/repo@commit:file</c>.</summary>
    public required string Source { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its measures.</summary>
    public required StoredDetails Details { get; init; }

    /// <summary>Its settings, checked.</summary>
    public StoredParameters Parameters { get; init; } = StoredParameters.None;

    /// <summary>Its own chat template, in Jinja; null takes the one in the file.</summary>
    public string? Template { get; init; }

    /// <summary>Instructions that stand before every conversation, or null.</summary>
    public string? System { get; init; }

    /// <summary>Messages that every conversation begins with.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; init; } = [];

    /// <summary>Licence texts.</summary>
    public IReadOnlyList<string> Licenses { get; init; } = [];

    /// <summary>The Modelfile that makes the same model out of this one.</summary>
    public Modelfile ToModelfile() => new()
    {
        From = Name.ToString(),
        Parameters = Parameters.All,
        Template = Template,
        System = System,
        Messages = Messages,
        Licenses = Licenses,
    };
}
