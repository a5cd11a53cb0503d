using Ouro.Formats;

namespace Ouro.Text;

/// <summary>Reads the parts of <c>tokenizer.json</c>, and refuses the steps that Ouro's tokenizer does not have.</summary>
sealed class TokenizerJsonReader(JsonField file)
{
    readonly JsonField _model = file["model"].Object();

    public Vocabulary Read(TokenizerSettings settings)
    {
        CheckModel();
        CheckAbsent("normalizer");
        CheckByteLevel("decoder", required: true);
        CheckByteLevel("post_processor", required: false);
        var preTokenizer = ReadPreTokenizer();
        var (tokens, kinds, ids) = ReadTokens();
        return new Vocabulary(file.Path, tokens, kinds, ReadMerges(), preTokenizer, settings.Resolve(ids), settings.ChatTemplate);
    }

    void CheckModel()
    {
        if (TypeOf(_model) is not "BPE" and var type)
            throw Refused($"the model is {VocabularyCheck.Quote(type)}; only BPE can be used");
        if (_model["byte_fallback"].Flag(false))
            throw Refused("byte_fallback is on; only vocabularies of byte-level spelling can be used");
        if (_model["ignore_merges"].Flag(false))
            throw Refused("ignore_merges is on, which would cut text differently; only tokenizers without it can be used");
        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (!string.IsNullOrEmpty(_model[affix].TextOrNull()))
                throw Refused($"{affix} is set; only tokenizers without it can be used");

        var dropout = _model["dropout"];
        if (!dropout.IsNull && dropout.Value.ToString() is not ("0" or "0.0"))
            throw Refused("dropout is set, which makes tokens random; only tokenizers without it can be used");
        if (!_model["unk_token"].IsNull)
            throw Refused("unk_token is set; only tokenizers that drop unknown bytes can be used");
    }

    void CheckAbsent(string step)
    {
        if (!file[step].IsNull)
            throw Refused($"it has a {step}, {VocabularyCheck.Quote(TypeOf(file[step]))}; only tokenizers without one can be used");
    }

    void CheckByteLevel(string step, bool required)
    {
        var field = file[step];
        if (field.IsNull ? required : TypeOf(field) != "ByteLevel")
            throw Refused($"the {step} is {(field.IsNull ? "missing" : VocabularyCheck.Quote(TypeOf(field)))}; only ByteLevel can be used");
    }

    PreTokenizerKind ReadPreTokenizer()
    {
        var root = file["pre_tokenizer"];
        if (root.IsNull)
            throw Refused("it has no pre-tokenizer; only ByteLevel, alone or after Digits, can be used");

        var steps = TypeOf(root) == "Sequence" ? root["pretokenizers"].Items().ToList() : [root];
        var types = steps.ConvertAll(TypeOf);
        if (types is not (["ByteLevel"] or ["Digits", "ByteLevel"]))
            throw Refused($"the pre-tokenizer is {VocabularyCheck.Quote(string.Join(", ", types))}; only ByteLevel, alone or after Digits, can be used");
        if (types is ["Digits", _] && !steps[0]["individual_digits"].Flag(false))
            throw Refused("the pre-tokenizer Digits keeps runs of digits together; only individual_digits can be used");
        if (steps[^1]["add_prefix_space"].Flag(true))
            throw Refused("the pre-tokenizer adds a space in front; only add_prefix_space = false can be used");
        if (!steps[^1]["use_regex"].Flag(true))
            throw Refused("the pre-tokenizer does not use the pattern of GPT-2; only use_regex = true can be used");

        return types.Count == 2 ? PreTokenizerKind.DigitsThenGpt2 : PreTokenizerKind.Gpt2;
    }

    (string[] Tokens, TokenKind[] Kinds, Dictionary<string, int> Ids) ReadTokens()
    {
        var ids = new Dictionary<string, int>();
        foreach (var (token, id) in _model["vocab"].Members())
            if (!ids.TryAdd(token, id.Integer()))
                throw Refused($"the vocabulary lists {VocabularyCheck.Quote(token)} twice; each token may be listed once");

        var added = ReadAddedTokens(ids);
        var tokens = new string[ids.Count];
        foreach (var (token, id) in ids)
        {
            if ((uint)id >= (uint)tokens.Length)
                throw Refused($"token {VocabularyCheck.Quote(token)} has the id {id}, but with {tokens.Length:N0} tokens ids must run from 0 to {tokens.Length - 1} without a hole");
            if (tokens[id] is { } other)
                throw Refused($"tokens {VocabularyCheck.Quote(other)} and {VocabularyCheck.Quote(token)} both have the id {id}; each id may be used once");

            tokens[id] = token;
        }

        var kinds = new TokenKind[tokens.Length];
        Array.Fill(kinds, TokenKind.Normal);
        foreach (var (id, kind) in added)
            kinds[id] = kind;

        return (tokens, kinds, ids);
    }

    /// <summary>Adds to <paramref name="ids"/> the added tokens that the vocabulary does not list, which is allowed.</summary>
    Dictionary<int, TokenKind> ReadAddedTokens(Dictionary<string, int> ids)
    {
        var kinds = new Dictionary<int, TokenKind>();
        if (file["added_tokens"].IsNull)
            return kinds;

        foreach (var token in file["added_tokens"].Items())
        {
            var (content, id) = (token["content"].Text(), token["id"].Integer());
            foreach (var option in (string[])["single_word", "lstrip", "rstrip"])
                if (token[option].Flag(false))
                    throw Refused($"the added token {VocabularyCheck.Quote(content)} has {option} set; only added tokens without it can be used");

            if (!ids.TryAdd(content, id) && ids[content] != id)
                throw Refused($"the added token {VocabularyCheck.Quote(content)} has the id {id}, but {ids[content]} in the vocabulary");
            if (!kinds.TryAdd(id, token["special"].Flag(false) ? TokenKind.Special : TokenKind.UserDefined))
                throw Refused($"two added tokens have the id {id}; each id may be used once");
        }

        return kinds;
    }

    List<string> ReadMerges()
    {
        var merges = new List<string>();
        foreach (var merge in _model["merges"].Items())
            merges.Add(merge.IsList ? Joined(merge) : merge.Text());

        return merges;
    }

    static string Joined(JsonField pair)
    {
        if (pair.Value.GetArrayLength() != 2)
            throw pair.Wrong("pairs of two tokens");

        return $"{(pair with { Value = pair.Value[0] }).Text()} {(pair with { Value = pair.Value[1] }).Text()}";
    }

    static string TypeOf(JsonField step) => step["type"].Text();

    ModelFileException Refused(string finding) => new(file.Path, finding + ".");
}
