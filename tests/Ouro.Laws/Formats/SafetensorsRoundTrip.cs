using System.Text;
using Ouro.Formats;
using Ouro.Formats.Safetensors;

namespace Ouro.Laws.Formats;

public sealed class SafetensorsRoundTrip : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        var tensors = Samples.Unquantized();
        using (var writer = SafetensorsWriter.Create(_folder.File("m.safetensors"), tensors))
            Samples.WriteAll(writer, tensors);

        using var file = SafetensorsFile.Open(_folder.File("m.safetensors"));
        file.Metadata.ShouldBe(new Dictionary<string, string> { ["format"] = "pt" });
        file.Tensors.Count.ShouldBe(tensors.Length);
        foreach (var tensor in tensors)
            file.Tensors.Single(stored => stored.Name == tensor.Name).ShouldHold(tensor);
    }

    [Fact]
    public void Every_tensor_is_aligned_to_its_elements_and_the_data_to_eight_bytes()
    {
        var tensors = Samples.Unquantized();
        var layout = SafetensorsWriter.Layout("m", tensors, new Dictionary<string, string>());

        (layout.Header.Length % 8).ShouldBe(0);
        foreach (var (tensor, offset) in layout.Tensors)
            (offset % tensor.Type.BytesPerBlock).ShouldBe(0, tensor.Name);
    }

    [Fact]
    public void The_header_has_the_bytes_of_the_specification()
    {
        var layout = SafetensorsWriter.Layout(
            "m", [new TensorSpec("ü", ElementType.BF16, 2, 1)], new Dictionary<string, string> { ["a"] = "b" });

        BitConverter.ToInt64(layout.Header.Span[..8]).ShouldBe(layout.Header.Length - 8);
        Encoding.UTF8.GetString(layout.Header.Span[8..]).TrimEnd(' ')
            .ShouldBe("""{"__metadata__":{"a":"b"},"ü":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]}}""");
        layout.FileLength.ShouldBe(layout.Header.Length + 4);
    }

    [Fact]
    public void A_file_without_tensors_or_with_unknown_properties_opens()
    {
        using var empty = SafetensorsFile.Open(_folder.File("empty.safetensors", RawSafetensors.Build("{}  ", 0)));
        empty.Tensors.ShouldBeEmpty();

        var json = """{"t":{"note":{"deep":[1,{"er":null}]},"data_offsets":[0,4],"dtype":"F32","shape":[]}}""";
        using var other = SafetensorsFile.Open(_folder.File("other.safetensors", RawSafetensors.Build(json, 4)));
        other.Tensors.Single().Shape.ShouldBeEmpty();
    }

    [Fact]
    public void Data_that_is_not_aligned_is_read_all_the_same()
    {
        var json = """{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]} }""";
        using var file = SafetensorsFile.Open(_folder.File("m.safetensors", RawSafetensors.Build(json, 6)));

        file.Tensors.Select(tensor => tensor.Map().Length).ShouldBe([2, 4]);
    }
}
