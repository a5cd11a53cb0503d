using System.Globalization;
using System.Security;
using System.Text;

namespace Ouro.Training.Recipes;

/// <summary>One side of a <see cref="Picture"/>.</summary>
/// <param name="Name">What is shown along it, with its unit.</param>
/// <param name="Low">Where it begins.</param>
/// <param name="High">Where it ends; one above <paramref name="Low"/> if it is not more.</param>
/// <param name="Unit">Numbers at the axis are divided by this.</param>
sealed record Axis(string Name, double Low, double High, double Unit = 1)
{
    /// <summary>Where it really ends.</summary>
    public double End => High > Low ? High : Low + 1;

    /// <summary>A value's place along it, 0 to 1; what lies outside is moved to the border.</summary>
    public double Place(double value) => Math.Clamp((value - Low) / (End - Low), 0, 1);

    /// <summary>Four to ten round numbers within its limits, as values.</summary>
    public IEnumerable<double> Ticks()
    {
        var (low, high) = (Low / Unit, End / Unit);
        var rough = (high - low) / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = new[] { 1.0, 2, 5, 10 }.First(factor => factor * power >= rough * 0.99) * power;
        for (var value = Math.Ceiling(low / step) * step; value <= high + (step * 1e-9); value += step)
            yield return value * Unit;
    }
}

/// <summary>Lines, areas and points between two axes: SVG that reads well on light and on dark ground.</summary>
/// <param name="title">Above the picture.</param>
/// <param name="across">From left to right.</param>
/// <param name="up">From bottom to top.</param>
sealed class Picture(string title, Axis across, Axis up)
{
    const int Width = 860, Height = 420, Left = 64, Top = 66, Bottom = 366, NameHeight = 14;

    readonly StringBuilder _svg = new();
    readonly List<(double Y, string Colour, string Text)> _names = [];

    /// <summary>Pixels at the right for what lines are called.</summary>
    public int NameWidth { get; init; } = 70;

    int Right => Width - NameWidth;

    /// <summary>From blue over violet to orange, all of middle lightness: visible on white and on black.</summary>
    public static string Colour(int index, int count)
        => string.Create(CultureInfo.InvariantCulture, $"hsl({(215 + (170.0 * index / Math.Max(1, count - 1))) % 360:F0},65%,52%)");

    /// <summary>A line through points in order; one that is not finite leaves a gap.</summary>
    public void Line(string colour, IEnumerable<(double X, double Y)> points)
    {
        var path = new StringBuilder();
        var isOpen = false;
        foreach (var (x, y) in points)
        {
            if (double.IsFinite(y))
                path.Append(CultureInfo.InvariantCulture, $"{(isOpen ? 'L' : 'M')}{Place(x, y)}");
            isOpen = double.IsFinite(y);
        }

        Add($"""<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>""");
    }

    /// <summary>What lies between two lines.</summary>
    public void Area(string colour, IReadOnlyCollection<(double X, double Low, double High)> points)
    {
        var (there, back) = (points.Select(point => Place(point.X, point.High)), points.Select(point => Place(point.X, point.Low)).Reverse());
        Add($"""<path d="M{string.Join('L', there.Concat(back))}Z" fill="{colour}"/>""");
    }

    /// <summary>A dot; nothing if it is not finite.</summary>
    public void Point(string colour, double x, double y)
    {
        if (double.IsFinite(x) && double.IsFinite(y))
            Add($"""<circle cx="{X(x):F1}" cy="{Y(y):F1}" r="4" fill="{colour}"/>""");
    }

    /// <summary>An upright line from one value to another: how far apart several measurements are.</summary>
    public void Spread(string colour, double x, double low, double high)
    {
        if (double.IsFinite(low) && double.IsFinite(high))
            Add($"""<line x1="{X(x):F1}" x2="{X(x):F1}" y1="{Y(low):F1}" y2="{Y(high):F1}" stroke="{colour}" stroke-width="5" stroke-opacity="0.35"/>""");
    }

    /// <summary>A broken line from bottom to top, and what begins there.</summary>
    public void Mark(double at, string name)
    {
        var x = X(at);
        var (side, anchor) = x < Right - 120 ? (4, "start") : (-4, "end");
        Add($"""<line class="stage" x1="{x:F1}" x2="{x:F1}" y1="{Top - 12}" y2="{Bottom}" stroke-dasharray="3 3"/><text class="faint" x="{x + side:F1}" y="{Top - 4}" font-size="11" text-anchor="{anchor}">{Escaped(name)}</text>""");
    }

    /// <summary>Writes what a colour is, at the right, beside a value.</summary>
    public void Name(string colour, double value, string text)
    {
        if (double.IsFinite(value))
            _names.Add((Y(value), colour, text));
    }

    /// <summary>The whole picture.</summary>
    public string Finish()
    {
        var drawn = _svg.ToString();
        _svg.Clear();
        Ground();
        _svg.Append(drawn);

        // Names that would lie on each other are pushed apart.
        var free = (double)Top;
        var left = _names.Count;
        foreach (var (y, colour, text) in _names.OrderBy(name => name.Y))
        {
            var place = Math.Max(Math.Min(y + 4, Bottom - (NameHeight * --left)), free);
            Add($"""<rect x="{Right + 8}" y="{place - 9:F1}" width="9" height="9" rx="2" fill="{colour}"/><text class="text" x="{Right + 21}" y="{place:F1}">{Escaped(text)}</text>""");
            free = place + NameHeight;
        }

        return _svg.AppendLine("</svg>").ToString();
    }

    void Ground()
    {
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12">""");
        Add($"<style>.ground{{fill:#fff}}.text{{fill:#24292f}}.faint{{fill:#59636e}}.rule{{stroke:#d1d9e0}}.stage{{stroke:#818b98}}");
        Add($"@media (prefers-color-scheme:dark){{.ground{{fill:#0d1117}}.text{{fill:#f0f6fc}}.faint{{fill:#9198a1}}.rule{{stroke:#3d444d}}.stage{{stroke:#656c76}}}}</style>");
        Add($"""<rect class="ground" width="{Width}" height="{Height}"/><text class="text" x="{Left}" y="20" font-size="14">{Escaped(title)}</text>""");
        Add($"""<text class="faint" x="{Left - 50}" y="40">{Escaped(up.Name)}</text><text class="faint" x="{Right}" y="{Height - 14}" text-anchor="end">{Escaped(across.Name)}</text>""");
        foreach (var value in up.Ticks())
            Add($"""<line class="rule" x1="{Left}" x2="{Right}" y1="{Y(value):F1}" y2="{Y(value):F1}"/><text class="faint" x="{Left - 8}" y="{Y(value) + 4:F1}" text-anchor="end">{value / up.Unit:0.###}</text>""");
        foreach (var value in across.Ticks())
            Add($"""<text class="faint" x="{X(value):F1}" y="{Bottom + 18}" text-anchor="middle">{value / across.Unit:0.###}</text>""");
    }

    string Place(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{X(x):F1} {Y(y):F1}");

    double X(double value) => Left + ((Right - Left) * across.Place(value));

    double Y(double value) => Bottom - ((Bottom - Top) * up.Place(value));

    void Add(FormattableString text) => _svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));

    static string Escaped(string text) => SecurityElement.Escape(string.Concat(text.Select(symbol => char.IsControl(symbol) || char.IsSurrogate(symbol) ? '?' : symbol)))!;
}
