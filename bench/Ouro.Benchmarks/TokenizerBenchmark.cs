using Ouro.Cli.Bench;
using System.Text;
using Ouro.Text;

namespace Ouro.Benchmarks;

/// <summary>How fast text becomes token ids and token ids text, on one core.</summary>
static class TokenizerBenchmark
{
    const int Megabyte = 1 << 20;

    static readonly TimeSpan TimePerRow = TimeSpan.FromSeconds(3);

    public static void Run(FileInfo[] files, bool write)
    {
        var report = new Report("tokenizer");
        var vocabulary = OuroVocabulary.Instance;
        var tokenizer = new Tokenizer(vocabulary);
        var prose = File.ReadAllText(Repository.Path("tests", "Ouro.Golden", "data", "tokenizer", "alice.txt"));
        var table = new Table(
            new("text"), new("MB", "0.000"), new("tokens", "N0"), new("encode, best MB/s", "0.0"), new("encode, median", "0.0"),
            new("decode, best MB/s", "0.0"), new("decode, median", "0.0"));

        Measure("English prose, its words seen before", prose, () => tokenizer);
        Measure("English prose, by a tokenizer that has seen no text", prose, () => new Tokenizer(vocabulary));
        Measure("letters of that prose without a space", Repeated(string.Concat(prose.Where(char.IsAsciiLetter)), Megabyte), () => tokenizer);
        Measure("random lower-case letters without a space", RandomLetters(Megabyte), () => tokenizer);
        Measure("the same, four times as long", RandomLetters(4 * Megabyte), () => tokenizer);
        Measure("one letter again and again", new string('a', Megabyte), () => tokenizer);
        Measure("digits without a space", Repeated("3141592653589793238462643383279", Megabyte), () => tokenizer);
        foreach (var file in files)
            Measure(file.Name, File.ReadAllText(file.FullName), () => tokenizer);

        report.Add("tokenizer", table);
        report.Note("One thread; the real vocabulary of 49,152 tokens; a megabyte is a million bytes of UTF-8, at either end. "
            + "A tokenizer remembers the tokens of recent short words; the second row measures without that, making its tables included.");
        report.Finish(write);

        void Measure(string name, string text, Func<Tokenizer> make)
        {
            var ids = tokenizer.Encode(text);
            if (tokenizer.Decode(ids) != text)
                throw new BenchmarkException($"'{name}' does not come back from its tokens.");

            var bytes = Encoding.UTF8.GetByteCount(text) / 1e6;
            var encode = Samples.Repeat(TimePerRow, () => make().Encode(text));
            var decode = Samples.Repeat(TimePerRow / 3, () => tokenizer.Decode(ids));
            table.Add(name, bytes, ids.Length, bytes / encode.Best, bytes / encode.Median, bytes / decode.Best, bytes / decode.Median);
        }
    }

    static string Repeated(string text, int length)
    {
        var result = new StringBuilder(length);
        while (result.Length < length)
            result.Append(text, 0, Math.Min(text.Length, length - result.Length));
        return result.ToString();
    }

    static string RandomLetters(int length)
    {
        var random = new Random(1);
        return string.Create(length, random, (letters, source) =>
        {
            foreach (ref var letter in letters)
                letter = (char)('a' + source.Next(26));
        });
    }
}
