using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>Short lists of digits, letters or words. Level: items, less two.</summary>
static class Lists
{
    const string Letters = "abcdefghijkl";
    const string Digits = "0123456789";

    /// <summary>Longest invented word that is to be spelled backwards; longer ones come as letters with spaces.</summary>
    const int LongestWord = 4;

    public static Posed Sort(Draws draws, int level)
    {
        var count = level + 2;
        var goesDown = draws.OneIn(4);
        var (kind, items, separator) = draws.OneIn(2)
            ? ("digits", Enumerable.Range(0, count).Select(_ => draws.Pick<char>(Digits)).ToArray(), "")
            : ("letters", draws.PickMany<char>(Letters, count), " ");

        var list = string.Join(separator, items);
        var sorted = string.Join(separator, goesDown ? items.OrderDescending() : items.Order());
        var way = goesDown ? " from last to first" : "";
        var question = draws.Pick([$"Sort {list}{way}.", $"Sort the {kind} {list}{way}.", $"Put {list} in order{way}.", $"What is {list} in order{way}?"]);
        return new Posed($"sort{way} {list}", question, sorted, $"{list} in order{way} is {sorted}.");
    }

    public static Posed Reverse(Draws draws, int level)
    {
        var count = level + 2;
        var (items, separator) = draws.Below(count <= LongestWord ? 3 : 2) switch
        {
            0 => (draws.PickMany<char>(Letters, count).Select(letter => $"{letter}").ToArray(), " "),
            1 => (draws.PickMany<string>(Words.Items, count), " "),
            _ => (InventedWord(draws, count), ""),
        };

        var list = string.Join(separator, items);
        var reversed = string.Join(separator, items.Reverse());
        var question = draws.Pick([$"Reverse {list}.", $"What is {list} backwards?", $"Write {list} backwards.", $"What is the reverse of {list}?"]);
        return new Posed($"reverse {list}", question, reversed, $"The reverse of {list} is {reversed}.");
    }

    public static Posed Count(Draws draws, int level)
    {
        string[] choices = draws.OneIn(2)
            ? [.. draws.PickMany<char>(Letters, 3).Select(letter => $"{letter}")]
            : draws.PickMany<string>(Words.Items, 3);
        var items = Enumerable.Range(0, level + 2).Select(_ => draws.Pick<string>(choices)).ToArray();
        var wanted = choices[0];
        var list = string.Join(' ', items);
        var count = items.Count(item => item == wanted);
        var question = draws.Pick([$"How many times is {wanted} in {list}?", $"How often is {wanted} in {list}?", $"Count {wanted} in {list}."]);
        return new Posed($"count {wanted} in {list}", question, $"{count}", $"{wanted} is {count} {(count == 1 ? "time" : "times")} in {list}.");
    }

    /// <summary>Letters of a word that one could say: consonant, vowel, consonant, ...</summary>
    static string[] InventedWord(Draws draws, int letters)
        => [.. Enumerable.Range(0, letters).Select(place => $"{draws.Pick<char>(place % 2 == 0 ? "bdfgklmnprst" : "aeiou")}")];
}
