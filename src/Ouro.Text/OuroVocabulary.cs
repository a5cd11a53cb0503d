namespace Ouro.Text;

/// <summary>The vocabulary that all published Ouro models share: 49,152 tokens, byte-level BPE, digits one by one.</summary>
/// <remarks>
/// The embedded file is byte for byte the published tokenizer.json (Apache-2.0). Roles are those of the base models. The chat template says
/// ChatML in our own words, since that is what the models were trained on.
/// </remarks>
public static class OuroVocabulary
{
    const string Resource = "ouro.tokenizer.json";

    /// <summary>ChatML as a Jinja template.</summary>
    internal const string ChatTemplate =
        "{%- for message in messages -%}"
        + "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}"
        + "{%- endfor -%}"
        + "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}";

    static readonly Lazy<Vocabulary> Embedded = new(Read);

    /// <summary>The vocabulary, read at first use.</summary>
    public static Vocabulary Instance => Embedded.Value;

    static Vocabulary Read()
    {
        using var stream = typeof(OuroVocabulary).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is not in the assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var settings = TokenizerSettings.Of(
            Resource, ChatTemplate,
            ("bos_token", KnownTokens.EndOfText), ("eos_token", KnownTokens.EndOfText), ("unk_token", KnownTokens.EndOfText));
        return new TokenizerJsonReader(Resource, bytes).Read(settings);
    }
}
