using Ouro.Formats;

namespace Ouro.Text;

/// <summary>Makes a vocabulary of <c>tokenizer.json</c>, and refuses the steps that Ouro's tokenizer does not have.</summary>
sealed class TokenizerJsonReader(string path, ReadOnlySpan<byte> json)
{
    readonly TokenizerJsonParts _parts = new(path, json);

    public Vocabulary Read(TokenizerSettings settings)
    {
        CheckModel();
        CheckAbsent("normalizer");
        CheckByteLevel("decoder", required: true);
        CheckByteLevel("post_processor", required: false);
        var preTokenizer = ReadPreTokenizer();
        var merges = _parts.Merges ?? throw Refused("the model has no merges");
        var (tokens, kinds) = ReadTokens();
        return new Vocabulary(path, tokens, kinds, merges, preTokenizer, settings.Resolve(tokens), settings.ChatTemplate);
    }

    void CheckModel()
    {
        if (_parts.Model("type").Text() is not "BPE" and var type)
            throw Refused($"the model is {Quoting.Quote(type)}; only BPE can be used");
        if (_parts.Model("byte_fallback").Flag(false))
            throw Refused("byte_fallback is on; only vocabularies of byte-level spelling can be used");
        if (_parts.Model("ignore_merges").Flag(false))
            throw Refused("ignore_merges is on, which would cut text differently; only tokenizers without it can be used");
        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (!string.IsNullOrEmpty(_parts.Model(affix).TextOrNull()))
                throw Refused($"{affix} is set; only tokenizers without it can be used");

        var dropout = _parts.Model("dropout");
        if (!dropout.IsNull && dropout.Value.ToString() is not ("0" or "0.0"))
            throw Refused("dropout is set, which makes tokens random; only tokenizers without it can be used");
        if (!_parts.Model("unk_token").IsNull)
            throw Refused("unk_token is set; only tokenizers that drop unknown bytes can be used");
    }

    void CheckAbsent(string step)
    {
        if (!_parts.Step(step).IsNull)
            throw Refused($"it has a {step}, {Quoting.Quote(TypeOf(_parts.Step(step)))}; only tokenizers without one can be used");
    }

    void CheckByteLevel(string step, bool required)
    {
        var field = _parts.Step(step);
        if (field.IsNull ? required : TypeOf(field) != "ByteLevel")
            throw Refused($"the {step} is {(field.IsNull ? "missing" : Quoting.Quote(TypeOf(field)))}; only ByteLevel can be used");
    }

    PreTokenizerKind ReadPreTokenizer()
    {
        var root = _parts.Step("pre_tokenizer");
        if (root.IsNull)
            throw Refused("it has no pre-tokenizer; only ByteLevel, alone or after Digits, can be used");

        var steps = TypeOf(root) == "Sequence" ? root["pretokenizers"].Items().ToList() : [root];
        var types = steps.ConvertAll(TypeOf);
        if (types is not (["ByteLevel"] or ["Digits", "ByteLevel"]))
            throw Refused($"the pre-tokenizer is {Quoting.Quote(string.Join(", ", types))}; only ByteLevel, alone or after Digits, can be used");
        if (types is ["Digits", _] && !steps[0]["individual_digits"].Flag(false))
            throw Refused("the pre-tokenizer Digits keeps runs of digits together; only individual_digits can be used");
        if (steps[^1]["add_prefix_space"].Flag(true))
            throw Refused("the pre-tokenizer adds a space in front; only add_prefix_space = false can be used");
        if (!steps[^1]["use_regex"].Flag(true))
            throw Refused("the pre-tokenizer does not use the pattern of GPT-2; only use_regex = true can be used");

        return types.Count == 2 ? PreTokenizerKind.DigitsThenGpt2 : PreTokenizerKind.Gpt2;
    }

    (string[] Tokens, TokenKind[] Kinds) ReadTokens()
    {
        var listed = _parts.Vocabulary;
        if (listed.Count == 0)
            throw Refused("the model has no vocabulary");

        var added = ReadAddedTokens();
        var tokens = new string[listed.Count + added.Count(token => token.Id >= listed.Count)];   // those may be missing from the list
        foreach (var (token, id) in listed)
            Place(tokens, token, id);

        var kinds = new TokenKind[tokens.Length];
        Array.Fill(kinds, TokenKind.Normal);
        foreach (var (token, id, kind) in added)
        {
            if (id < 0 || id >= listed.Count)
                Place(tokens, token, id);
            else if (tokens[id] != token)
                throw Refused($"the added token {Quoting.Quote(token)} has the id {id}, which is {Quoting.Quote(tokens[id])} in the vocabulary");
            kinds[id] = kind;
        }

        return (tokens, kinds);
    }

    void Place(string[] tokens, string token, int id)
    {
        if ((uint)id >= (uint)tokens.Length)
            throw Refused($"token {Quoting.Quote(token)} has the id {id}, but with {tokens.Length:N0} tokens ids must run from 0 to {tokens.Length - 1} without a hole");
        if (tokens[id] is { } other)
            throw Refused($"tokens {Quoting.Quote(other)} and {Quoting.Quote(token)} both have the id {id}; each id may be used once");

        tokens[id] = token;
    }

    List<(string Token, int Id, TokenKind Kind)> ReadAddedTokens()
    {
        var added = new List<(string, int, TokenKind)>();
        if (_parts.Step("added_tokens").IsNull)
            return added;

        foreach (var token in _parts.Step("added_tokens").Items())
        {
            var content = token["content"].Text();
            foreach (var option in (string[])["single_word", "lstrip", "rstrip"])
                if (token[option].Flag(false))
                    throw Refused($"the added token {Quoting.Quote(content)} has {option} set; only added tokens without it can be used");

            added.Add((content, token["id"].Integer(), token["special"].Flag(false) ? TokenKind.Special : TokenKind.UserDefined));
        }

        return added;
    }

    static string TypeOf(JsonField step) => step["type"].Text();

    ModelFileException Refused(string finding) => new(path, finding + ".");
}
