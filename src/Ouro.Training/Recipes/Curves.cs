using System.Globalization;
using System.Security;
using System.Text;

namespace Ouro.Training.Recipes;

/// <summary>Pictures of a log: the loss of each loop, and where tokens exit, over the tokens learnt from. SVG that reads well on light and on dark ground.</summary>
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
        var picture = new Picture($"{title}: loss after each loop", "cross-entropy, nats a token", points, low, high);
        var loops = points.Max(line => line.LossByLoop.Length);
        for (var loop = 0; loop < loops; loop++)
        {
            picture.Line(Colour(loop, loops), points.Select(line => loop < line.LossByLoop.Length ? line.LossByLoop[loop] : double.NaN));
            picture.Name(loop, loops, points.Last(line => loop < line.LossByLoop.Length).LossByLoop[loop], $"loop {loop + 1}");
        }

        return picture.Finish();
    }

    /// <summary>The chance to exit after each loop, one on top of the other; together they are 1.</summary>
    public static string Exits(string title, IReadOnlyList<LogLine> lines)
    {
        var points = Thinned(lines);
        var picture = new Picture($"{title}: where tokens exit", "chance to exit", points, 0, 1);
        var loops = points.Max(line => line.ExitChanceByLoop.Length);
        for (var loop = 0; loop < loops; loop++)
        {
            var (below, own) = (points.Select(line => Sum(line, loop)), points.Select(line => Sum(line, loop + 1)));
            picture.Area(Colour(loop, loops), below, own);
            picture.Name(loop, loops, (Sum(points[^1], loop) + Sum(points[^1], loop + 1)) / 2, $"loop {loop + 1}");
        }

        return picture.Finish();

        static double Sum(LogLine line, int loops) => line.ExitChanceByLoop.Take(loops).Sum();
    }

    /// <summary>From blue over violet to orange, all of middle lightness: visible on white and on black.</summary>
    static string Colour(int loop, int loops)
        => string.Create(CultureInfo.InvariantCulture, $"hsl({(215 + (170.0 * loop / Math.Max(1, loops - 1))) % 360:F0},65%,52%)");

    /// <summary>Evenly spaced lines, if there are more than a picture can show.</summary>
    static List<LogLine> Thinned(IReadOnlyList<LogLine> lines)
        => lines.Count <= MostPoints
            ? [.. lines]
            : [.. Enumerable.Range(0, MostPoints).Select(point => lines[(int)((long)point * (lines.Count - 1) / (MostPoints - 1))])];

    /// <summary>Axes, stages and what is drawn between them.</summary>
    sealed class Picture
    {
        const int Width = 860, Height = 420, Left = 64, Right = 790, Top = 66, Bottom = 366, NameHeight = 14;

        readonly StringBuilder _svg = new();
        readonly IReadOnlyList<LogLine> _points;
        readonly double _low;
        readonly double _high;
        readonly double _tokens;
        readonly (double Scale, string Unit) _unit;
        readonly List<(double Y, string Colour, string Text)> _names = [];

        public Picture(string title, string unit, IReadOnlyList<LogLine> points, double low, double high)
        {
            (_points, _low, _high) = (points, low, high > low ? high : low + 1);
            _tokens = Math.Max(1, points[^1].Tokens);
            _unit = _tokens >= 2e9 ? (1e9, "billions of tokens") : _tokens >= 2e6 ? (1e6, "millions of tokens") : _tokens >= 2e3 ? (1e3, "thousands of tokens") : (1, "tokens");
            Add($"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12">""");
            Add($"<style>.ground{{fill:#fff}}.text{{fill:#24292f}}.faint{{fill:#59636e}}.rule{{stroke:#d1d9e0}}.stage{{stroke:#818b98}}");
            Add($"@media (prefers-color-scheme:dark){{.ground{{fill:#0d1117}}.text{{fill:#f0f6fc}}.faint{{fill:#9198a1}}.rule{{stroke:#3d444d}}.stage{{stroke:#656c76}}}}</style>");
            Add($"""<rect class="ground" width="{Width}" height="{Height}"/><text class="text" x="{Left}" y="20" font-size="14">{Escaped(title)}</text>""");
            Add($"""<text class="faint" x="{Left - 50}" y="40">{Escaped(unit)}</text><text class="faint" x="{Right}" y="{Height - 14}" text-anchor="end">{_unit.Unit}</text>""");
            Axes();
        }

        public void Line(string colour, IEnumerable<double> values)
        {
            var path = new StringBuilder();
            var isOpen = false;
            foreach (var (line, value) in _points.Zip(values))
            {
                if (double.IsFinite(value))
                    path.Append(CultureInfo.InvariantCulture, $"{(isOpen ? 'L' : 'M')}{X(line.Tokens):F1} {Y(value):F1}");
                isOpen = double.IsFinite(value);
            }

            Add($"""<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>""");
        }

        public void Area(string colour, IEnumerable<double> low, IEnumerable<double> high)
        {
            var up = _points.Zip(high).Select(point => Place(point.First, point.Second));
            var back = _points.Zip(low).Select(point => Place(point.First, point.Second)).Reverse();
            Add($"""<path d="M{string.Join('L', up.Concat(back))}Z" fill="{colour}"/>""");
        }

        /// <summary>Writes what a line or area is beside its end.</summary>
        public void Name(int loop, int loops, double value, string text)
        {
            if (double.IsFinite(value) && (loops <= 8 || loop == 0 || loop == loops - 1))
                _names.Add((Y(value), Colour(loop, loops), text));
        }

        public string Finish()
        {
            Stages();
            // Names that would lie on each other are pushed apart.
            var free = (double)Top;
            var left = _names.Count;
            foreach (var (y, colour, text) in _names.OrderBy(name => name.Y))
            {
                var place = Math.Max(Math.Min(y + 4, Bottom - (NameHeight * --left)), free);
                Add($"""<rect x="{Right + 8}" y="{place - 9:F1}" width="9" height="9" rx="2" fill="{colour}"/><text class="text" x="{Right + 21}" y="{place:F1}">{text}</text>""");
                free = place + NameHeight;
            }

            return _svg.AppendLine("</svg>").ToString();
        }

        void Axes()
        {
            foreach (var value in Ticks(_low, _high))
                Add($"""<line class="rule" x1="{Left}" x2="{Right}" y1="{Y(value):F1}" y2="{Y(value):F1}"/><text class="faint" x="{Left - 8}" y="{Y(value) + 4:F1}" text-anchor="end">{value:0.###}</text>""");
            foreach (var value in Ticks(0, _tokens / _unit.Scale))
                Add($"""<text class="faint" x="{X(value * _unit.Scale):F1}" y="{Bottom + 18}" text-anchor="middle">{value:0.###}</text>""");
        }

        void Stages()
        {
            for (var i = 0; i < _points.Count; i++)
            {
                if (i > 0 && _points[i].Stage == _points[i - 1].Stage)
                    continue;

                var x = i == 0 ? Left : X(_points[i - 1].Tokens);
                var (side, anchor) = x < Right - 120 ? (4, "start") : (-4, "end");
                Add($"""<line class="stage" x1="{x:F1}" x2="{x:F1}" y1="{Top - 12}" y2="{Bottom}" stroke-dasharray="3 3"/><text class="faint" x="{x + side:F1}" y="{Top - 4}" font-size="11" text-anchor="{anchor}">{Escaped(_points[i].Stage)}</text>""");
            }
        }

        string Place(LogLine line, double value) => string.Create(CultureInfo.InvariantCulture, $"{X(line.Tokens):F1} {Y(value):F1}");

        double X(double tokens) => Left + ((Right - Left) * tokens / _tokens);

        double Y(double value) => Bottom - ((Bottom - Top) * Math.Clamp((value - _low) / (_high - _low), 0, 1));

        void Add(FormattableString text) => _svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));

        /// <summary>Four to ten round numbers within limits.</summary>
        static IEnumerable<double> Ticks(double low, double high)
        {
            var rough = (high - low) / 5;
            var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            var step = new[] { 1.0, 2, 5, 10 }.First(factor => factor * power >= rough * 0.99) * power;
            for (var value = Math.Ceiling(low / step) * step; value <= high + (step * 1e-9); value += step)
                yield return value;
        }

        static string Escaped(string text) => SecurityElement.Escape(string.Concat(text.Select(symbol => char.IsControl(symbol) || char.IsSurrogate(symbol) ? '?' : symbol)))!;
    }
}
