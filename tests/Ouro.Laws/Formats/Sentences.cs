using Ouro.Formats;

namespace Ouro.Laws.Formats;

/// <summary>What every message about a file must be.</summary>
static class Sentences
{
    /// <summary>Two quoted names, some numbers and advice, beside the path; anything longer is no sentence.</summary>
    public const int Longest = 600;

    public static void ShouldBeOneLine(ModelFileException error)
    {
        (error.Message.Length - error.Path.Length).ShouldBeLessThan(Longest, error.Message);
        error.Message.Any(symbol => char.IsControl(symbol) || symbol is '\u2028' or '\u2029').ShouldBeFalse(error.Message);
        error.Message[^1].ShouldBe('.', error.Message);
    }
}
