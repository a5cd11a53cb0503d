using System.Security.Cryptography;

namespace Ouro.Laws.Cli;

/// <summary>The model that comes with the program: it is the one that its card describes, and it does what the card says.</summary>
public sealed class OwnModelLaws
{
    /// <summary>What 400 of the card's 800 questions may differ from all of them by chance.</summary>
    const double Chance = 0.06;

    static readonly string Card = File.ReadAllText(Repository.Path("models/ouro-nano.md"));

    [Fact]
    public void The_card_names_the_file_by_its_hash()
        => Card.ShouldContain(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Repository.Path("models/ouro-nano.gguf")))));

    [Fact]
    public void It_is_small_and_whole()
    {
        new FileInfo(Repository.Path("models/ouro-nano.gguf")).Length.ShouldBeLessThan(12_000_000);
        var inspected = OuroProgram.Run("inspect", Repository.Path("models/ouro-nano.gguf"), "--json").ShouldSucceed().Json;

        inspected.GetProperty("loops").GetInt32().ShouldBe(4);
        inspected.GetProperty("missing").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public void It_answers_without_being_named()
    {
        OuroProgram.RunWith("Who are you?", "run", "--temperature", "0").ShouldSucceed().Output.Trim().ShouldBe("I am ouro-nano, a small looped model.");
        OuroProgram.Run("run", "nano", "Who are you?", "--temperature", "0").ShouldSucceed().Output.Trim().ShouldBe("I am ouro-nano, a small looped model.");
    }

    [Fact]
    public void It_answers_as_often_and_exits_as_early_as_its_card_says()
    {
        var results = OuroProgram.Run("eval", "--items", "400", "--loops", "1,4", "--exit-thresholds", "0.5", "--json").ShouldSucceed().Json;

        double Share(int setting) => results[setting].GetProperty("exact").GetDouble() / results[setting].GetProperty("asked").GetDouble();
        Share(0).ShouldBe(Stated("1 of 4 loops"), Chance);
        Share(1).ShouldBe(Stated("4 of 4 loops"), Chance);
        Share(2).ShouldBe(Stated("exit threshold 0.5"), Chance);
        results[2].GetProperty("mean_depth").GetDouble().ShouldBeLessThan(0.75 * results[1].GetProperty("mean_depth").GetDouble());
    }

    /// <summary>The share of all questions in a row of the card's table, which has the percentage in its fifth column.</summary>
    static double Stated(string row)
        => double.Parse(
            Card.Split('\n').Single(line => line.StartsWith($"| {row} |", StringComparison.Ordinal)).Split('|')[5], System.Globalization.CultureInfo.InvariantCulture) / 100;
}
