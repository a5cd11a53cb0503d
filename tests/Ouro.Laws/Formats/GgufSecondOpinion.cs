using System.Globalization;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Laws.Formats;

/// <summary>Hugging Face's own GGUF reader finds in our files what we wrote. See tests/second-opinions/gguf.</summary>
[Trait("Category", "SecondOpinion")]
public sealed class GgufSecondOpinion : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(null), InlineData(256u)]
    public async Task Another_reader_finds_every_tensor_and_every_value(uint? alignment)
    {
        var (metadata, tensors) = (Samples.EveryType(), Samples.EveryElementType());
        if (alignment is { } stated)
            metadata.Set(GgufMetadata.AlignmentKey, stated);

        using (var writer = GgufWriter.Create(_folder.File("m.gguf"), metadata, tensors))
            Samples.WriteAll(writer, tensors);

        using var ours = GgufFile.Open(_folder.File("m.gguf"));
        using var theirs = await ReadByOthers(_folder.File("m.gguf"));
        Number(theirs.RootElement.GetProperty("version")).ShouldBe(3);
        CompareMetadata(theirs.RootElement.GetProperty("metadata"), metadata);
        CompareTensors(theirs.RootElement, ours.Tensors, tensors);
    }

    static void CompareMetadata(JsonElement theirs, GgufMetadata metadata)
    {
        theirs.GetArrayLength().ShouldBe(metadata.Count);
        foreach (var (found, (key, value)) in theirs.EnumerateArray().Zip(metadata.Entries))
        {
            found.GetProperty("key").GetString().ShouldBe(key);
            found.GetProperty("type").GetInt32().ShouldBe((int)value.Type);
            if (value.ElementType is { } elementType)
                found.GetProperty("elementType").GetInt32().ShouldBe((int)elementType);

            CompareContent(found.GetProperty("value"), value.Content, key);
        }
    }

    static void CompareContent(JsonElement theirs, object content, string key)
    {
        if (content is GgufValue value)
            content = value.Content;

        if (content is not Array array)
        {
            AsOurs(theirs.GetString()!, content).ShouldBe(content, key);
            return;
        }

        theirs.GetArrayLength().ShouldBe(array.Length, key);
        foreach (var (found, item) in theirs.EnumerateArray().Zip(array.Cast<object>()))
            CompareContent(found, item, key);
    }

    /// <summary>Their text as a value of our type. Single precision goes by way of double, which is what JavaScript prints.</summary>
    static object AsOurs(string text, object content) => content switch
    {
        string => text,
        bool => bool.Parse(text),
        float => (float)double.Parse(text, CultureInfo.InvariantCulture),
        _ => Convert.ChangeType(text, content.GetType(), CultureInfo.InvariantCulture),
    };

    static void CompareTensors(JsonElement theirs, IReadOnlyList<StoredTensor> ours, TensorSpec[] written)
    {
        var dataOffset = Number(theirs.GetProperty("dataOffset"));
        theirs.GetProperty("tensors").GetArrayLength().ShouldBe(written.Length);
        foreach (var (found, index) in theirs.GetProperty("tensors").EnumerateArray().Select((found, index) => (found, index)))
        {
            found.GetProperty("name").GetString().ShouldBe(written[index].Name);
            found.GetProperty("type").GetInt32().ShouldBe((int)written[index].Type);
            found.GetProperty("sizesInnermostFirst").EnumerateArray().Select(Number).ShouldBe(written[index].Shape.Reverse());
            (dataOffset + Number(found.GetProperty("offset"))).ShouldBe(ours[index].FileOffset);
        }
    }

    static long Number(JsonElement text) => long.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    static async Task<JsonDocument> ReadByOthers(string path)
        => JsonDocument.Parse(await NodeScript.Run("second-opinions/gguf", "reader of Hugging Face", ["read.mjs", path]));
}
