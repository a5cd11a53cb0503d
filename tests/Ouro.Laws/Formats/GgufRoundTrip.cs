using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Laws.Formats;

public sealed class GgufRoundTrip : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(null), InlineData(8), InlineData(32), InlineData(4096)]
    public void What_is_written_is_read_again(int? alignment)
    {
        var (metadata, tensors) = (Samples.EveryType(), Samples.EveryElementType());
        if (alignment is { } stated)
            metadata.Set(GgufMetadata.AlignmentKey, (uint)stated);

        using (var writer = GgufWriter.Create(_folder.File("m.gguf"), metadata, tensors))
            Samples.WriteAll(writer, tensors);

        using var file = GgufFile.Open(_folder.File("m.gguf"));
        file.Version.ShouldBe(3);
        file.Alignment.ShouldBe(alignment ?? 32);
        ShouldEqual(file.Metadata, metadata);
        file.Tensors.Select(tensor => tensor.Name).ShouldBe(tensors.Select(tensor => tensor.Name));
        foreach (var tensor in tensors)
        {
            file.Find(tensor.Name)!.ShouldHold(tensor);
            (file.Find(tensor.Name)!.FileOffset % file.Alignment).ShouldBe(0);
        }

        file.Find("absent").ShouldBeNull();
    }

    [Fact]
    public void A_file_written_from_a_file_is_the_same_file()
    {
        var tensors = Samples.EveryElementType();
        using (var writer = GgufWriter.Create(_folder.File("first.gguf"), Samples.EveryType(), tensors))
            Samples.WriteAll(writer, tensors);

        using (var first = GgufFile.Open(_folder.File("first.gguf")))
        using (var writer = GgufWriter.Create(_folder.File("second.gguf"), first.Metadata, first.Tensors))
        {
            for (var i = 0; i < first.Tensors.Count; i++)
                writer.Write(i, 0, first.Tensors[i].Map().Span);

            writer.Commit();
        }

        File.ReadAllBytes(_folder.File("second.gguf")).ShouldBe(File.ReadAllBytes(_folder.File("first.gguf")));
    }

    [Fact]
    public void The_header_has_the_bytes_of_the_specification()
    {
        var metadata = new GgufMetadata();
        metadata.Set("k", 7u);
        metadata.Set("a", new[] { "x", "yz" });
        var layout = GgufWriter.Layout("m.gguf", metadata, [new TensorSpec("t", ElementType.F16, 2, 3), new TensorSpec("u", ElementType.F32, 1)]);

        var expected = new RawGguf { DataBytes = 64 }
            .Key("k", 4, 7, 0, 0, 0)
            .Key("a", 9, [8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, .. RawGguf.Text("x"), .. RawGguf.Text("yz")])
            .Tensor("t", [3, 2], type: 1, offset: 0)
            .Tensor("u", [1], type: 0, offset: 32)
            .Build();

        layout.Header.ToArray().ShouldBe(expected[..^64]);
        layout.FileLength.ShouldBe(expected.Length);
        layout.Tensors.Select(tensor => tensor.FileOffset).ShouldBe([expected.Length - 64, expected.Length - 32]);
    }

    [Fact]
    public void A_vocabulary_of_the_real_size_is_kept_as_arrays()
    {
        var metadata = new GgufMetadata();
        metadata.Set("tokenizer.ggml.tokens", Enumerable.Range(0, 49_152).Select(id => $"token {id}").ToArray());
        metadata.Set("tokenizer.ggml.token_type", Enumerable.Range(0, 49_152).Select(id => id % 6).ToArray());
        using (var writer = GgufWriter.Create(_folder.File("m.gguf"), metadata, []))
            writer.Commit();

        using var file = GgufFile.Open(_folder.File("m.gguf"));
        file.Metadata.GetStrings("tokenizer.ggml.tokens")![49_151].ShouldBe("token 49151");
        file.Metadata.GetIntegers("tokenizer.ggml.token_type")!.Length.ShouldBe(49_152);
        file.Tensors.ShouldBeEmpty();
    }

    [Theory, InlineData(2), InlineData(3)]
    public void Both_versions_in_use_are_read(int version)
    {
        var path = _folder.File("m.gguf", new RawGguf { Version = (uint)version, DataBytes = 8 }.Tensor("t", [2]).Build());

        using var file = GgufFile.Open(path);
        file.Version.ShouldBe(version);
        file.Tensors.Single().Shape.ShouldBe([2]);
    }

    [Fact]
    public void Getters_widen_integers_and_name_what_is_wrong()
    {
        var metadata = Samples.EveryType();

        metadata.GetInteger("test.0.Byte").ShouldBe(255);
        metadata.GetInteger("test.1.SByte").ShouldBe(-128);
        metadata.GetInteger("test.7.Int64").ShouldBe(long.MinValue);
        metadata.GetIntegers("test.15.SByte[]").ShouldBe([-128, 127]);
        metadata.GetIntegers("test.18.UInt32[]").ShouldBe([0, uint.MaxValue]);
        metadata.GetNumber("test.8.Single").ShouldBe(-1.5);
        metadata.GetNumber("test.6.UInt64").ShouldBe(ulong.MaxValue);
        metadata.GetBoolean("test.10.Boolean").ShouldBe(true);
        metadata.GetFloats("test.22.Single[]").ShouldBe([float.NegativeInfinity, 0.1f]);
        metadata.GetString("absent").ShouldBeNull();
        metadata.GetInteger("absent").ShouldBeNull();
        metadata.GetIntegers("absent").ShouldBeNull();

        Should.Throw<ModelFileException>(() => metadata.GetInteger("test.6.UInt64")).Message.ShouldContain("18446744073709551615");
        Should.Throw<ModelFileException>(() => metadata.GetIntegers("test.20.UInt64[]")).Message.ShouldContain("18446744073709551615");
        Should.Throw<ModelFileException>(() => metadata.GetInteger("test.8.Single")).Message
            .ShouldContain("metadata key 'test.8.Single' has the type float32 but must be an integer");
        Should.Throw<ModelFileException>(() => metadata.GetFloats("test.25.String[]")).Message
            .ShouldContain("has the type array of string but must be an array of float32");
    }

    [Fact]
    public void A_set_key_keeps_its_place_and_an_added_one_must_be_new()
    {
        var metadata = new GgufMetadata();
        metadata.Set("a", 1);
        metadata.Set("b", 2);
        metadata.Set("a", 3);

        metadata.Entries.Select(entry => $"{entry.Key}={entry.Value}").ShouldBe(["a=3", "b=2"]);
        Should.Throw<ArgumentException>(() => metadata.Add("a", 4));
        metadata.Remove("a").ShouldBeTrue();
        metadata.Count.ShouldBe(1);
    }

    [Fact]
    public void Values_that_GGUF_cannot_hold_are_refused_at_birth()
    {
        Should.Throw<ArgumentException>(() => GgufValue.Of(1m));
        Should.Throw<ArgumentException>(() => GgufValue.Of(new int[1, 1]));
        Should.Throw<ArgumentException>(() => GgufValue.Of(new[] { GgufValue.Of(1) }));
    }

    /// <summary>Equal keys, order, types and contents; the text of a nested array is compared element by element.</summary>
    static void ShouldEqual(GgufMetadata read, GgufMetadata written)
    {
        read.Entries.Select(entry => entry.Key).ShouldBe(written.Entries.Select(entry => entry.Key));
        foreach (var (key, value) in written.Entries)
            ShouldEqual(read.Find(key)!, value);
    }

    static void ShouldEqual(GgufValue read, GgufValue written)
    {
        (read.Type, read.ElementType).ShouldBe((written.Type, written.ElementType));
        read.Content.GetType().ShouldBe(written.Content.GetType());
        if (written.Content is not GgufValue[] nested)
        {
            read.Content.ShouldBe(written.Content);
            return;
        }

        ((GgufValue[])read.Content).Length.ShouldBe(nested.Length);
        foreach (var (one, other) in ((GgufValue[])read.Content).Zip(nested))
            ShouldEqual(one, other);
    }
}
