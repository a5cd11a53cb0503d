using System.Diagnostics;
using System.Globalization;
using Ouro.Training.Recipes;
using Spectre.Console;
using Phrase = Spectre.Console.Text;

namespace Ouro.Cli;

/// <summary>What a person sees of a training run: a picture that changes on a terminal, a line every few seconds elsewhere.</summary>
static class TrainingScreen
{
    const int BarWidth = 24;   // two of them and their numbers fit 80 columns

    static readonly TimeSpan PictureEvery = TimeSpan.FromSeconds(0.25);
    static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);

    /// <summary>Shows work while it goes on.</summary>
    /// <param name="work">Calls what it is given after each step.</param>
    public static T Follow<T>(Func<Action<StepReport>, T> work)
    {
        if (Console.IsErrorRedirected)
            return work(Paced(LineEvery, report => Console.Error.WriteLine(Front.Plain(Line(report)))));

        return Front.Messages.Live(new Phrase("waiting for the first step...")).Start(context => work(Paced(PictureEvery, report =>
        {
            context.UpdateTarget(Picture(report));
            context.Refresh();
        })));
    }

    /// <summary>One line for whoever reads a file.</summary>
    public static string Line(StepReport report)
    {
        var loops = string.Join(' ', report.Loss.ByLoop.Select(loss => Shown(loss, "F3")));
        var exits = string.Join(' ', report.Loss.ExitChances.Select(chance => Shown(chance, "F2")));
        return $"stage {report.Stage} of {report.Stages} ({report.StageName}), step {report.Step:N0} of {report.Steps:N0}: loss {Shown(report.Loss.Loss, "F4")}, by loop {loops}, "
            + $"exits {exits}, entropy {Shown(report.Loss.Entropy, "F3")}, learning rate {Shown(report.LearningRate, "0.##e0")}, gradient {Shown(report.GradientNorm, "F2")}, "
            + $"{report.TokensPerSecond:N0} tokens/s, {Left(report)}";
    }

    /// <summary>The last step of a stage is shown whenever it comes.</summary>
    static Action<StepReport> Paced(TimeSpan every, Action<StepReport> show)
    {
        long? shown = null;
        return report =>
        {
            if (shown is { } before && Stopwatch.GetElapsedTime(before) < every && report.Step < report.Steps)
                return;

            shown = Stopwatch.GetTimestamp();
            show(report);
        };
    }

    static Rows Picture(StepReport report)
    {
        var highest = report.Loss.ByLoop.Where(double.IsFinite).DefaultIfEmpty(1).Max();
        var loops = new Table().Border(TableBorder.None).AddColumns("loop", "loss", "", "exit chance", "");
        for (var loop = 0; loop < report.Loss.ByLoop.Count; loop++)
        {
            var (loss, chance) = (report.Loss.ByLoop[loop], loop < report.Loss.ExitChances.Count ? report.Loss.ExitChances[loop] : 0);
            loops.AddRow(
                new Phrase((loop + 1).ToString(CultureInfo.InvariantCulture)), new Phrase(Shown(loss, "F3")), Bar(loss / highest, Color.SteelBlue1),
                new Phrase(Shown(chance, "P0")), Bar(chance, Color.Orange1));
        }

        var numbers = $"loss {Shown(report.Loss.Loss, "F4")}   entropy {Shown(report.Loss.Entropy, "F3")}   learning rate {Shown(report.LearningRate, "0.##e0")}   "
            + $"gradient {Shown(report.GradientNorm, "F2")}";
        return new Rows(
            new Phrase($"stage {report.Stage} of {report.Stages}: {Front.Plain(report.StageName)}   step {report.Step:N0} of {report.Steps:N0}", new Style(decoration: Decoration.Bold)),
            new Columns(Bar((double)report.Step / report.Steps, Color.Green), new Phrase($"{Shown(report.Done, "P1")} of the whole run, {Left(report)}")).Collapse(),
            Phrase.Empty, loops, Phrase.Empty,
            new Phrase(numbers),
            new Phrase($"{report.Tokens:N0} tokens, {report.TokensPerSecond:N0} tokens/s", new Style(Color.Grey)));
    }

    static Phrase Bar(double share, Color colour)
    {
        var filled = double.IsFinite(share) ? (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth) : 0;
        var symbol = Front.Messages.Profile.Capabilities.Unicode ? '━' : '=';
        return new Phrase(new string(symbol, filled).PadRight(BarWidth), new Style(colour));
    }

    static string Left(StepReport report) => report.Left is not { } left
        ? "time left not known yet"
        : left.TotalHours >= 48
            ? $"{Shown(left.TotalDays, "F1")} days left"
            : left.TotalMinutes >= 1 ? $"{(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00} left" : $"{Shown(left.TotalSeconds, "F0")} s left";

    static string Shown(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
