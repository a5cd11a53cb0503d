using Ouro.Formats;

namespace Ouro.Training.Data;

/// <summary>A line of a file as bytes, without its ending.</summary>
/// <param name="Number">Counting from 1.</param>
/// <param name="Bytes">Valid until the next line is read.</param>
/// <param name="IsWhole">False if the line was longer than allowed, and <paramref name="Bytes"/> is only its beginning.</param>
readonly record struct ByteLine(long Number, ReadOnlyMemory<byte> Bytes, bool IsWhole);

/// <summary>Reads files line by line without trusting them to have any.</summary>
static class ByteLines
{
    const int FirstBlock = 1 << 16;
    const byte Newline = (byte)'\n';

    /// <param name="longest">Bytes of a line that are kept; at least <see cref="FirstBlock"/>.</param>
    /// <exception cref="ModelFileException">The file cannot be read.</exception>
    public static IEnumerable<ByteLine> Read(string path, int longest)
    {
        using var stream = Open(path);
        var buffer = new byte[FirstBlock];
        var (number, filled, isOverlong) = (1L, 0, false);
        while (Fill(path, stream, buffer.AsSpan(filled)) is > 0 and var count)
        {
            var (start, searched) = (0, filled);
            filled += count;
            while (buffer.AsSpan(searched, filled - searched).IndexOf(Newline) is >= 0 and var found)
            {
                yield return new ByteLine(number++, buffer.AsMemory(start, searched + found - start), !isOverlong);
                start = searched = searched + found + 1;
                isOverlong = false;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            if (filled < buffer.Length)
                continue;

            if (buffer.Length < longest)
            {
                Array.Resize(ref buffer, (int)long.Min(longest, 2L * buffer.Length));
            }
            else
            {
                isOverlong = true;
                filled = FirstBlock / 2;   // the rest of this line is only looked through for its end
            }
        }

        if (filled > 0)
            yield return new ByteLine(number, buffer.AsMemory(0, filled), !isOverlong);
    }

    static FileStream Open(string path)
    {
        if (Directory.Exists(path))
            throw new ModelFileException(path, "this is a folder where a file is expected; name a file inside it.");
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "there is no such file; check the path.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
    }

    static int Fill(string path, FileStream stream, Span<byte> buffer)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
    }

    static ModelFileException Unreadable(string path, Exception error)
        => new(path, $"the file cannot be read ({error.Reason}); check its permissions and the disk.", error);
}
