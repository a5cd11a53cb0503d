using System.Text.Json;

namespace Ouro.Formats.Safetensors;

/// <summary>Reads the JSON of a safetensors header or shard index; whatever is not as expected becomes a sentence about the file.</summary>
ref struct HeaderJson(string path, ReadOnlySpan<byte> json)
{
    // The formats nest three deep; more is allowed in parts that are skipped.
    Utf8JsonReader _reader = new(json, new JsonReaderOptions { MaxDepth = 16 });

    /// <summary>The start of an object.</summary>
    public void BeginObject(string what) => Expect(JsonTokenType.StartObject, what, "a JSON object");

    /// <summary>The name of the object's next property; false at its end.</summary>
    public bool NextProperty(out string name)
    {
        Advance();
        name = _reader.TokenType == JsonTokenType.PropertyName ? Text("the name of a property") : "";
        return _reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>A string value.</summary>
    public string String(string what)
    {
        Expect(JsonTokenType.String, what, "a string");
        return Text(what);
    }

    /// <summary>An array of whole numbers from 0 to 2^63 - 1.</summary>
    /// <param name="most">Most elements allowed.</param>
    public long[] WholeNumbers(string what, int most)
    {
        Expect(JsonTokenType.StartArray, what, "an array");
        var numbers = new List<long>();
        while (Advance() != JsonTokenType.EndArray)
        {
            if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetInt64(out var number) || number < 0)
                throw Unexpected(what, "an array of whole numbers that are not negative");

            if (numbers.Count == most)
                throw Unexpected(what, $"an array of at most {most} numbers");

            numbers.Add(number);
        }

        return [.. numbers];
    }

    /// <summary>Passes over the value of a property that has no meaning here.</summary>
    public void Skip()
    {
        Advance();
        try
        {
            _reader.Skip();
        }
        catch (JsonException error)
        {
            throw Malformed(error);
        }
    }

    /// <summary>Makes sure that nothing but white space follows.</summary>
    public void End()
    {
        try
        {
            if (!_reader.Read())
                return;
        }
        catch (JsonException error)
        {
            throw Malformed(error);
        }

        throw Unexpected("the JSON text", "one object and nothing after it");
    }

    JsonTokenType Advance()
    {
        try
        {
            return _reader.Read() ? _reader.TokenType : throw Unexpected("the JSON text", "a whole object");
        }
        catch (JsonException error)
        {
            throw Malformed(error);
        }
    }

    void Expect(JsonTokenType token, string what, string expected)
    {
        if (Advance() != token)
            throw Unexpected(what, expected);
    }

    string Text(string what)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)       // how the reader reports invalid UTF-8 and half a surrogate pair
        {
            throw Unexpected(what, "valid Unicode");
        }
    }

    ModelFileException Unexpected(string what, string expected) => new(path,
        $"{what} (JSON byte {_reader.TokenStartIndex:N0}) must be {expected}; "
        + "the file is damaged or was made by a faulty program, so fetch it again.");

    ModelFileException Malformed(JsonException error) => new(path,
        $"line {error.LineNumber + 1}, byte {error.BytePositionInLine:N0} of its JSON cannot be read as JSON at most 16 levels deep; "
        + "the file is damaged or incomplete, so fetch it again.", error);
}
