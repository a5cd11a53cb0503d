using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Laws.Formats;

public sealed class MappedFileLaws : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mapped_and_read_bytes_are_the_bytes_of_the_file()
    {
        var bytes = new byte[10_000];
        new Random(3).NextBytes(bytes);
        using var file = MappedFile.Open(_folder.File("f", bytes));

        file.Length.ShouldBe(bytes.Length);
        foreach (var (offset, length) in new[] { (0, 10_000), (1, 4097), (4096, 0), (9_999, 1), (10_000, 0) })
        {
            var read = new byte[length];
            file.Read(offset, read);
            read.ShouldBe(bytes[offset..(offset + length)]);
            file.Map(offset, length).ToArray().ShouldBe(read);
        }
    }

    [Fact]
    public void A_range_outside_the_file_is_refused()
    {
        using var file = MappedFile.Open(_folder.File("f", "0123456789"u8));

        foreach (var (offset, length) in new[] { (-1L, 1), (0, 11), (10, 1), (long.MaxValue, 1), (0, -1), (11, 0) })
            Should.Throw<ArgumentOutOfRangeException>(() => file.Map(offset, length));

        Should.Throw<ArgumentOutOfRangeException>(() => file.Read(long.MaxValue, new byte[1]));
    }

    [Fact]
    public void Mapped_memory_of_a_closed_file_is_an_error_and_no_crash()
    {
        var file = MappedFile.Open(_folder.File("f", "0123456789"u8));
        var memory = file.Map(2, 3);
        file.Dispose();

        Should.Throw<ObjectDisposedException>(() => memory.Span[0]);
        Should.Throw<ObjectDisposedException>(() => memory.Pin());
        Should.Throw<ObjectDisposedException>(() => file.Map(0, 1));
        Should.Throw<ObjectDisposedException>(() => file.Read(0, new byte[1]));
        file.Dispose();
    }

    [Fact]
    public void What_cannot_be_opened_is_named()
    {
        Refusal(_folder.Path).ShouldContain("this is a folder where a file is expected; name a file inside it.");
        Refusal(_folder.File("absent")).ShouldContain("there is no such file; check the path.");
        Refusal(_folder.File("absent/too")).ShouldContain("there is no such file; check the path.");
        Refusal(_folder.File("empty", "")).ShouldContain("the file is empty, or no ordinary file");
        Refusal(_folder.File(new string('n', 300))).ShouldContain("the file cannot be opened (");
    }

    [Fact]
    public void A_device_or_a_link_to_one_does_not_keep_the_reader_waiting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no device files.");
        File.CreateSymbolicLink(_folder.File("link"), "/dev/zero");
        File.CreateSymbolicLink(_folder.File("circle"), _folder.File("circle"));

        Refusal("/dev/zero").ShouldContain("the file is empty, or no ordinary file");
        Refusal(_folder.File("link")).ShouldContain("the file is empty, or no ordinary file");
        Refusal(_folder.File("circle")).ShouldContain("the file cannot be opened (");
    }

    [Fact]
    public void A_link_to_a_file_is_the_file()
    {
        _folder.File("f", "0123456789"u8);
        File.CreateSymbolicLink(_folder.File("link"), "f");

        using var file = MappedFile.Open(_folder.File("link"));
        file.Length.ShouldBe(10);
    }

    [Fact]
    public void A_file_that_became_shorter_is_noticed_by_a_read()
    {
        using var file = MappedFile.Open(_folder.File("f", new byte[100]));
        using (var handle = File.OpenHandle(_folder.File("f"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            Assert.SkipUnless(TryShorten(handle), "This system does not let an open file become shorter.");

        Should.Throw<ModelFileException>(() => file.Read(40, new byte[20])).Message
            .ShouldContain("the file had 100 bytes when it was opened but now ends at byte 50");
    }

    [Fact]
    public void A_tensor_behind_four_gibibytes_is_read_at_its_place()
    {
        const long Rows = 5L << 20;
        TensorSpec[] tensors = [new("large", ElementType.F32, Rows, 256), new("behind", ElementType.F32, 8)];
        var layout = GgufWriter.Layout("m", new GgufMetadata(), tensors);
        var path = _folder.File("sparse.gguf");
        using (var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            // A length without content: the file system keeps no blocks for the zeros.
            RandomAccess.SetLength(handle, layout.FileLength);
            RandomAccess.Write(handle, layout.Header.Span, 0);
            RandomAccess.Write(handle, Samples.BytesOf(tensors[1]), layout.Tensors[1].FileOffset);
            RandomAccess.Write(handle, "end"u8, layout.Tensors[0].End - 3);
        }

        using var file = GgufFile.Open(path);
        file.Find("behind")!.FileOffset.ShouldBeGreaterThan(uint.MaxValue);
        file.Find("behind")!.ShouldHold(tensors[1]);

        var large = file.Find("large")!;
        var end = new byte[3];
        large.Read(large.ByteLength - 3, end);
        end.ShouldBe("end"u8.ToArray());
        Should.Throw<ArgumentOutOfRangeException>(() => large.Read(large.ByteLength - 2, end));
        Should.Throw<ModelFileException>(() => large.Map()).Message
            .ShouldContain("tensor 'large' has 5,368,709,120 bytes, but at most 2,147,483,647 can be mapped at once");
    }

    static bool TryShorten(Microsoft.Win32.SafeHandles.SafeFileHandle handle)
    {
        try
        {
            RandomAccess.SetLength(handle, 50);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    static string Refusal(string path)
    {
        var error = Should.Throw<ModelFileException>(() => MappedFile.Open(path));
        Sentences.ShouldBeOneLine(error);
        return error.Message;
    }
}
