namespace Ouro.Training.Recipes;

/// <summary>Pictures of a log: the loss of each loop, and where tokens exit, over the tokens learnt from.</summary>
static class Curves
{
    const int MostPoints = 400;

    /// <summary>In the first part the loss falls from so high that nothing later could be told apart; there the lines may leave the picture at its top.</summary>
    const double Beginning = 0.05;

    /// <summary>One line a loop; each tells how well the model says the next token after that loop.</summary>
    public static string Loss(string title, IReadOnlyList<LogLine> lines)
    {
        var points = Thinned(lines);
        var begun = points.Where(line => line.Tokens >= points[^1].Tokens * Beginning);
        var values = begun.SelectMany(line => line.LossByLoop).Where(double.IsFinite).ToArray();
        var (low, high) = values.Length == 0 ? (0, 1) : (values.Min(), values.Max());
        var picture = new Picture($"{title}: loss after each loop", Tokens(points), new Axis("cross-entropy, nats a token", low, high));
        var loops = points.Max(line => line.LossByLoop.Length);
        for (var loop = 0; loop < loops; loop++)
        {
            picture.Line(Picture.Colour(loop, loops), points.Select(line => ((double)line.Tokens, loop < line.LossByLoop.Length ? line.LossByLoop[loop] : double.NaN)));
            Name(picture, loop, loops, points.Last(line => loop < line.LossByLoop.Length).LossByLoop[loop]);
        }

        return Finish(picture, points);
    }

    /// <summary>The chance to exit after each loop, one on top of the other; together they are 1.</summary>
    public static string Exits(string title, IReadOnlyList<LogLine> lines)
    {
        var points = Thinned(lines);
        var picture = new Picture($"{title}: where tokens exit", Tokens(points), new Axis("chance to exit", 0, 1));
        var loops = points.Max(line => line.ExitChanceByLoop.Length);
        for (var loop = 0; loop < loops; loop++)
        {
            picture.Area(Picture.Colour(loop, loops), [.. points.Select(line => ((double)line.Tokens, Sum(line, loop), Sum(line, loop + 1)))]);
            Name(picture, loop, loops, (Sum(points[^1], loop) + Sum(points[^1], loop + 1)) / 2);
        }

        return Finish(picture, points);

        static double Sum(LogLine line, int loops) => line.ExitChanceByLoop.Take(loops).Sum();
    }

    static void Name(Picture picture, int loop, int loops, double value)
    {
        if (loops <= 8 || loop == 0 || loop == loops - 1)
            picture.Name(Picture.Colour(loop, loops), value, $"loop {loop + 1}");
    }

    /// <summary>Evenly spaced lines, if there are more than a picture can show.</summary>
    static List<LogLine> Thinned(IReadOnlyList<LogLine> lines)
        => lines.Count <= MostPoints
            ? [.. lines]
            : [.. Enumerable.Range(0, MostPoints).Select(point => lines[(int)((long)point * (lines.Count - 1) / (MostPoints - 1))])];

    static Axis Tokens(List<LogLine> points)
    {
        var most = Math.Max(1.0, points[^1].Tokens);
        var (unit, name) = most >= 2e9 ? (1e9, "billions of tokens") : most >= 2e6 ? (1e6, "millions of tokens") : most >= 2e3 ? (1e3, "thousands of tokens") : (1, "tokens");
        return new Axis(name, 0, most, unit);
    }

    static string Finish(Picture picture, List<LogLine> points)
    {
        for (var i = 0; i < points.Count; i++)
            if (i == 0 || points[i].Stage != points[i - 1].Stage)
                picture.Mark(i == 0 ? 0 : points[i - 1].Tokens, points[i].Stage);

        return picture.Finish();
    }
}
