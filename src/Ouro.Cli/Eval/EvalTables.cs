using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Ouro.Cli.Eval;

/// <summary>Scores as people and programs read them.</summary>
static class EvalTables
{
    static readonly string[] Difficulties = ["easy", "medium", "hard"];

    /// <summary>A row for each setting: exact answers by difficulty, and what they cost.</summary>
    public static void WriteSettings(IReadOnlyList<EvalResult> results, IAnsiConsole console)
    {
        var shown = Difficulties.Where(difficulty => results[0].ByDifficulty.ContainsKey(difficulty)).ToArray();
        var table = new Table().Border(TableBorder.Simple).AddColumn("answers");
        foreach (var heading in shown.Append("all").Select(name => $"{name}\nexact").Concat(["mean\ndepth", "passes\na token", "guesses\nheld", "tokens\n/s"]))
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var result in results)
        {
            var all = result.All;
            table.AddRow([
                Markup.Escape(result.Setting.Name),
                .. shown.Select(difficulty => Percent(result.ByDifficulty[difficulty].Share)),
                Percent(all.Share), Number(all.MeanDepth), Number((double)all.Passes / Math.Max(1, all.Tokens)),
                all.Guesses > 0 ? Percent((double)all.GuessesKept / all.Guesses) : "-",
                (all.Tokens / result.Seconds).ToString("0", CultureInfo.InvariantCulture)]);
        }

        console.Write(table);
    }

    /// <summary>A row for each kind of question, a column for each level.</summary>
    public static void WriteKinds(EvalResult result, Func<EvalScore, string> cell, IAnsiConsole console)
    {
        var levels = result.ByKind.Keys.Select(key => key.Level).Distinct().Order().ToArray();
        var table = new Table().Border(TableBorder.Simple).AddColumn("kind");
        foreach (var level in levels)
            table.AddColumn(new TableColumn(level == 0 ? "all" : $"level {level}").RightAligned());
        foreach (var kind in result.ByKind.Keys.Select(key => key.Kind).Distinct())
            table.AddRow([Markup.Escape(Front.Plain(kind)), .. levels.Select(level => result.ByKind.TryGetValue((kind, level), out var score) ? cell(score) : "")]);
        console.Write(table);
    }

    /// <summary>Everything, for programs.</summary>
    public static void WriteJson(IReadOnlyList<EvalResult> results, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach (var result in results)
        {
            json.WriteStartObject();
            json.WriteString("setting", result.Setting.Name);
            json.WriteNumber("seconds", result.Seconds);
            WriteScore(json, result.All);
            json.WriteStartArray("kinds");
            foreach (var ((kind, level), score) in result.ByKind)
            {
                json.WriteStartObject();
                json.WriteString("kind", kind);
                json.WriteNumber("level", level);
                WriteScore(json, score);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    public static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Number(double number) => number.ToString("0.00", CultureInfo.InvariantCulture);

    static void WriteScore(Utf8JsonWriter json, EvalScore score)
    {
        json.WriteNumber("asked", score.Asked);
        json.WriteNumber("exact", score.Exact);
        json.WriteNumber("tokens", score.Tokens);
        json.WriteNumber("mean_depth", score.MeanDepth);
        json.WriteNumber("passes", score.Passes);
        json.WriteNumber("guesses", score.Guesses);
        json.WriteNumber("guesses_held", score.GuessesKept);
    }
}
