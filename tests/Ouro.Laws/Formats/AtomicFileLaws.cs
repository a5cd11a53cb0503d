using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;

namespace Ouro.Laws.Formats;

/// <summary>A file is there whole, or it is not there.</summary>
public sealed class AtomicFileLaws : IDisposable
{
    // Larger than any disk, so that no space is really taken.
    const long MoreThanAnyDisk = 1L << 60;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_a_killed_run_left_is_gone_with_the_next_one_and_nothing_else_is()
    {
        foreach (var name in new[] { "a.999999.partial", "a.notes.partial", "b.999999.partial", "a.999999" })
            File.WriteAllText(_folder.File(name), "left");
        using var held = new FileStream(_folder.File("b.7.partial"), FileMode.Create, FileAccess.Write, FileShare.None);

        AtomicFile.WriteAllText(_folder.File("a"), "whole");
        AtomicFile.WriteAllText(_folder.File("b"), "whole");

        Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["a", "a.999999", "a.notes.partial", "b", "b.7.partial"]);
    }

    [Fact]
    public void A_file_appears_at_the_commit_and_not_before()
    {
        using var file = AtomicFile.Create(_folder.File("a"), 4);
        file.Write(2, "cd"u8);
        file.Write(0, "ab"u8);
        _folder.Files.ShouldBe([$"a.{Environment.ProcessId}.partial"]);

        file.Commit();
        _folder.Files.ShouldBe(["a"]);
        File.ReadAllText(_folder.File("a")).ShouldBe("abcd");
    }

    [Fact]
    public void Without_a_commit_the_old_file_stays_and_no_new_one()
    {
        _folder.File("a", "old");
        using (var file = AtomicFile.Create(_folder.File("a"), 3))
            file.Write(0, "new"u8);

        _folder.Files.ShouldBe(["a"]);
        File.ReadAllText(_folder.File("a")).ShouldBe("old");
    }

    [Fact]
    public void An_old_file_is_replaced_whole_while_its_readers_keep_it()
    {
        var path = _folder.File("a", "a longer old text");
        using var reader = MappedFile.Open(path);

        AtomicFile.WriteAllText(path, "ü");

        File.ReadAllBytes(path).ShouldBe("ü"u8.ToArray());
        reader.Map(0, 8).ToArray().ShouldBe("a longer"u8.ToArray());
    }

    [Fact]
    public void The_rest_of_a_killed_run_is_no_obstacle_but_a_running_one_is()
    {
        _folder.File($"a.{Environment.ProcessId}.partial", "a long rest of a run that was killed");
        using var file = AtomicFile.Create(_folder.File("a"));
        file.Write(0, "x"u8);

        Refusal(() => AtomicFile.Create(_folder.File("a"))).ShouldContain("the file cannot be created (");

        file.Commit();
        File.ReadAllText(_folder.File("a")).ShouldBe("x");
    }

    [Fact]
    public void A_disk_that_is_too_small_is_noticed_before_anything_is_written()
    {
        Refusal(() => AtomicFile.Create(_folder.File("a"), MoreThanAnyDisk))
            .ShouldContain("the file needs 1,152,921,504,606,846,976 bytes but its disk has ");
        Refusal(() => GgufWriter.Create(_folder.File("a"), new GgufMetadata(), [new TensorSpec("t", ElementType.F32, MoreThanAnyDisk / 4)]))
            .ShouldContain("free some space or choose another disk.");
        _folder.Files.ShouldBeEmpty();
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        Refusal(() => AtomicFile.Create(_folder.Path)).ShouldContain("this is a folder, but a file is to be written");
        Refusal(() => AtomicFile.Create(_folder.File("absent/a"))).ShouldContain($"the folder {_folder.File("absent")} does not exist; create it first.");
        Refusal(() => AtomicFile.Create(_folder.File(new string('n', 300)))).ShouldContain("the file cannot be created (");
    }

    [Fact]
    public void A_commit_that_fails_leaves_nothing_behind()
    {
        using (var file = AtomicFile.Create(_folder.File("a"), 1))
        {
            // A folder appears in the file's place meanwhile.
            Directory.CreateDirectory(_folder.File("a"));
            Refusal(file.Commit).ShouldContain("the finished file cannot be put in its place (");
        }

        _folder.Files.ShouldBeEmpty();
    }

    [Fact]
    public void A_tensor_that_was_not_written_whole_stops_the_commit()
    {
        using var writer = SafetensorsWriter.Create(_folder.File("a"), [new TensorSpec("t", ElementType.F32, 4), new TensorSpec("none", ElementType.F32, 0)]);
        Should.Throw<InvalidOperationException>(writer.Commit).Message.ShouldBe("Tensor 't' was not written from byte 0 on.");

        // As many bytes as there must be, but some of them twice.
        writer.Write(0, 0, new byte[8]);
        writer.Write(0, 4, new byte[8]);
        Should.Throw<InvalidOperationException>(writer.Commit).Message.ShouldBe("Tensor 't' was not written from byte 12 on.");

        writer.Write(0, 12, new byte[4]);
        writer.Commit();
        _folder.Files.ShouldBe(["a"]);
    }

    [Fact]
    public void Bytes_outside_a_tensor_cannot_be_written()
    {
        using var writer = SafetensorsWriter.Create(_folder.File("a"), [new TensorSpec("t", ElementType.F32, 4)]);

        Should.Throw<ArgumentOutOfRangeException>(() => writer.Write(1, 0, new byte[1]));
        Should.Throw<ArgumentOutOfRangeException>(() => writer.Write(-1, 0, new byte[1]));
        Should.Throw<ArgumentOutOfRangeException>(() => writer.Write(0, 13, new byte[4]));
        Should.Throw<ArgumentOutOfRangeException>(() => writer.Write(0, -1, new byte[4]));
        Should.Throw<ArgumentOutOfRangeException>(() => writer.Write(0, 0, new byte[17]));
    }

    [Fact]
    public void Pieces_written_by_many_threads_in_any_order_make_the_same_file()
    {
        const int Piece = 1000;
        TensorSpec[] tensors = [new("a", ElementType.F32, 25, 1000), new("b", ElementType.BF16, 25, 1000)];
        var bytes = tensors.Select(tensor => Samples.BytesOf(tensor)).ToArray();
        using (var writer = GgufWriter.Create(_folder.File("m.gguf"), new GgufMetadata(), tensors))
        {
            var pieces = tensors.SelectMany((tensor, i) => Enumerable.Range(0, (int)tensor.ByteLength / Piece).Select(piece => (i, Offset: piece * Piece))).ToArray();
            new Random(7).Shuffle(pieces);
            Parallel.ForEach(pieces, piece => writer.Write(piece.i, piece.Offset, bytes[piece.i].AsSpan(piece.Offset, Piece)));
            writer.Commit();
        }

        using var file = GgufFile.Open(_folder.File("m.gguf"));
        foreach (var tensor in tensors)
            file.Find(tensor.Name)!.ShouldHold(tensor);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Ranges_know_their_first_gap(int seed)
    {
        const int Length = 60;
        var random = new Random(seed);
        var (ranges, written) = (new WrittenRanges(), new bool[Length]);
        for (var i = 0; i < 200; i++)
        {
            var start = random.Next(Length);
            var end = random.Next(start, Math.Min(start + 6, Length) + 1);
            ranges.Add(start, end);
            Array.Fill(written, true, start, end - start);

            var gap = Array.IndexOf(written, false);
            ranges.FirstGap(Length).ShouldBe(gap < 0 ? null : gap);
        }
    }

    [Fact]
    public void What_a_format_cannot_hold_is_refused_by_name()
    {
        Refusal(() => GgufWriter.Create(_folder.File("a"), new GgufMetadata(), [new TensorSpec("t", ElementType.F32, 1, 1, 1, 1, 1)]))
            .ShouldContain("tensor 't' has 5 dimensions but GGUF allows 4");
        Refusal(() => GgufWriter.Create(_folder.File("a"), new GgufMetadata(), [new TensorSpec(new string('n', 64), ElementType.F32)]))
            .ShouldContain("has a name of 64 bytes but GGUF readers accept at most 63");
        Refusal(() => GgufWriter.Create(_folder.File("a"), new GgufMetadata(), [new TensorSpec("t", ElementType.F32), new TensorSpec("t", ElementType.F32)]))
            .ShouldContain("tensor 't' occurs twice");
        Refusal(() => SafetensorsWriter.Create(_folder.File("a"), [new TensorSpec("t", ElementType.Q8_0, 32)]))
            .ShouldContain("tensor 't' is of type Q8_0, but safetensors files hold F32, F16, BF16");
        Refusal(() => SafetensorsWriter.Create(_folder.File("a"), [new TensorSpec("__metadata__", ElementType.F32)]))
            .ShouldContain("the name __metadata__ is taken");
        _folder.Files.ShouldBeEmpty();
    }

    [Fact]
    public void A_tensor_spec_that_cannot_be_stored_cannot_be_made()
    {
        Should.Throw<ArgumentException>(() => new TensorSpec("", ElementType.F32));
        Should.Throw<ArgumentException>(() => new TensorSpec("t", ElementType.F32, 2, -1));
        Should.Throw<ArgumentException>(() => new TensorSpec("t", ElementType.Q8_0, 32, 31));
        Should.Throw<ArgumentException>(() => new TensorSpec("t", ElementType.Q8_0));
        Should.Throw<ArgumentException>(() => new TensorSpec("t", ElementType.F32, 1L << 62));
        new TensorSpec("t", ElementType.F32, default).ElementCount.ShouldBe(1);
    }

    static string Refusal(Action act)
    {
        var error = Should.Throw<ModelFileException>(act);
        Sentences.ShouldBeOneLine(error);
        return error.Message;
    }
}
