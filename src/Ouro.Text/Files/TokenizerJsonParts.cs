using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Text;

/// <summary>A <c>tokenizer.json</c> taken apart: the two long lists read straight from the bytes, everything else as small JSON values.</summary>
sealed class TokenizerJsonParts
{
    readonly Dictionary<string, JsonElement> _steps = [];
    readonly Dictionary<string, JsonElement> _model = [];
    readonly string _path;

    /// <param name="path">For error messages.</param>
    public TokenizerJsonParts(string path, ReadOnlySpan<byte> json)
    {
        _path = path;
        var reader = new Utf8JsonReader(json);
        try
        {
            reader.Read();
            ReadObject(ref reader, _steps, "the file");
            reader.Read();   // refuses anything behind the root
        }
        catch (JsonException broken)
        {
            throw JsonField.NotJson(path, broken);
        }
        catch (InvalidOperationException)   // how System.Text.Json reports escapes and bytes that are not Unicode
        {
            throw JsonField.NotUnicode(path);
        }
    }

    /// <summary>Tokens and their ids, in the file's order.</summary>
    public List<(string Token, int Id)> Vocabulary { get; } = [];

    /// <summary>By rank, each "left right", however the file spells them; null if the file has none.</summary>
    public List<string>? Merges { get; private set; }

    public JsonField Step(string name) => new(_path, $"'{name}'", _steps.GetValueOrDefault(name));

    public JsonField Model(string name) => new(_path, $"'{name}' of the model", _model.GetValueOrDefault(name));

    void ReadObject(ref Utf8JsonReader reader, Dictionary<string, JsonElement> members, string place)
    {
        Expect(ref reader, JsonTokenType.StartObject, place, "an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (members == _steps && name == "model")
                ReadObject(ref reader, _model, "'model'");
            else if (members == _model && name == "vocab")
                ReadVocabulary(ref reader);
            else if (members == _model && name == "merges")
                Merges = ReadMerges(ref reader);
            else
                members[name] = JsonElement.ParseValue(ref reader);
        }
    }

    void ReadVocabulary(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "'vocab'", "an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var token = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var id))
                throw new ModelFileException(_path, $"the id of {Quoting.Quote(token)} in 'vocab' is not an integer.");

            Vocabulary.Add((token, id));
        }
    }

    List<string> ReadMerges(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartArray, "'merges'", "a list");
        var merges = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            merges.Add(reader.TokenType == JsonTokenType.StartArray ? ReadPair(ref reader, merges.Count) : ReadPart(ref reader, merges.Count));

        return merges;
    }

    string ReadPair(ref Utf8JsonReader reader, int rank)
    {
        reader.Read();
        var left = ReadPart(ref reader, rank);
        reader.Read();
        var right = ReadPart(ref reader, rank);
        reader.Read();
        Expect(ref reader, JsonTokenType.EndArray, $"merge {rank}", "a pair");
        return $"{left} {right}";
    }

    string ReadPart(ref Utf8JsonReader reader, int rank)
    {
        Expect(ref reader, JsonTokenType.String, $"merge {rank}", "a pair of tokens or one text \"left right\"");
        return reader.GetString()!;
    }

    void Expect(ref Utf8JsonReader reader, JsonTokenType type, string place, string expected)
    {
        if (reader.TokenType != type)
            throw new ModelFileException(_path, $"{place} is not {expected}.");
    }
}
