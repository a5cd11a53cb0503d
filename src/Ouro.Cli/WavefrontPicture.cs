using System.Globalization;
using System.Security;
using System.Text;
using Ouro.Generation;
using Spectre.Console;

namespace Ouro.Cli;

/// <summary>The rows of a reply over its passes: one line a token, one column a pass, in each place the loop that the token ran.</summary>
sealed class WavefrontPicture
{
    readonly List<Line> _lines = [];
    int _passes;

    /// <summary>Passes drawn so far.</summary>
    public int Passes => _passes;

    /// <summary>Draws a pass.</summary>
    public void Add(ReadOnlySpan<PassRow> rows)
    {
        foreach (var row in rows)
        {
            // A wrong guess has a line to itself; the token that came in its place begins with loop 1 on a line of its own.
            var line = row.Loop == 1 ? null : _lines.FindLast(line => line.Position == row.Position && line.Token == row.Token);
            if (line is null)
                _lines.Add(line = new Line(row.Position, row.Token));
            line.Cells.Add(new Cell(_passes, row.Loop, row.IsGuess, row.IsLate));
        }

        _passes++;
    }

    /// <summary>As text.</summary>
    /// <param name="tokens">The text as it became, which tells wrong guesses.</param>
    /// <param name="shown">What a token is called.</param>
    public void Write(IAnsiConsole console, ReadOnlySpan<int> tokens, Func<int, string> shown)
    {
        var lines = _lines.OrderBy(line => line.Position).ThenBy(line => line.Cells[0].Pass).ToArray();
        var names = lines.Select(line => Fitted(shown(line.Token))).ToArray();
        for (var i = 0; i < lines.Length; i++)
        {
            var isWrong = IsWrong(lines[i], tokens);
            var text = new StringBuilder();
            text.Append(Markup.Escape(names[i].PadRight(NameWidth + 1)));
            var pass = 0;
            foreach (var cell in lines[i].Cells)
            {
                text.Append(' ', 2 * (cell.Pass - pass));
                text.Append(CultureInfo.InvariantCulture, $"[{Style(cell, isWrong)}]{Symbol(cell.Loop)}[/]{(isWrong ? "x" : cell.IsLate ? "." : " ")}");
                pass = cell.Pass + 1;
            }

            console.MarkupLine(text.ToString().TrimEnd());
        }

        console.WriteLine();
        console.WriteLine("one column a pass; digits are loops; 'x': a guess that was wrong; '.': a token that had been read already and completes its loops.");
    }

    /// <summary>As a drawing.</summary>
    /// <inheritdoc cref="Write"/>
    public string Svg(ReadOnlySpan<int> tokens, Func<int, string> shown)
    {
        const int Cell = 18, Left = 150, Top = 26;
        var lines = _lines.OrderBy(line => line.Position).ThenBy(line => line.Cells[0].Pass).ToArray();
        var (width, height) = (Left + _passes * Cell + 10, Top + lines.Length * Cell + 34);
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect width="{width}" height="{height}" fill="#fff"/><text x="{Left}" y="15" fill="#555">passes</text>""");
        for (var i = 0; i < lines.Length; i++)
        {
            var y = Top + i * Cell;
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left - 8}" y="{y + 13}" text-anchor="end" fill="#222">{SecurityElement.Escape(Fitted(shown(lines[i].Token)))}</text>""");
            foreach (var cell in lines[i].Cells)
            {
                var x = Left + cell.Pass * Cell;
                svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect x="{x + 1}" y="{y + 1}" width="{Cell - 2}" height="{Cell - 2}" rx="3" fill="{Fill(cell, IsWrong(lines[i], tokens))}"/><text x="{x + Cell / 2}" y="{y + 13}" text-anchor="middle" fill="#fff">{cell.Loop}</text>""");
            }
        }

        var legend = Top + lines.Length * Cell + 22;
        (string Fill, string Meaning)[] meanings = [("#2563a8", "certain"), ("#2f8f4e", "guess that held"), ("#c2452d", "guess that was wrong"), ("#9aa4ad", "read before, completes its loops")];
        for (var i = 0; i < meanings.Length; i++)
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect x="{10 + i * 160}" y="{legend - 10}" width="12" height="12" rx="3" fill="{meanings[i].Fill}"/><text x="{27 + i * 160}" y="{legend}" fill="#222">{meanings[i].Meaning}</text>""");
        return svg.AppendLine("</svg>").ToString();
    }

    const int NameWidth = 16;

    static bool IsWrong(Line line, ReadOnlySpan<int> tokens) => line.Position >= tokens.Length || tokens[line.Position] != line.Token;

    static string Fitted(string name) => name.Length <= NameWidth ? name : name[..(NameWidth - 1)] + "~";

    /// <summary>Loops behind 9 as letters, so that each takes one column.</summary>
    static char Symbol(int loop) => loop < 10 ? (char)('0' + loop) : (char)('a' + (loop - 10) % 26);

    static string Style(Cell cell, bool isWrong) => isWrong ? "red" : cell.IsLate ? "grey" : cell.IsGuess ? "green" : "bold blue";

    static string Fill(Cell cell, bool isWrong) => isWrong ? "#c2452d" : cell.IsLate ? "#9aa4ad" : cell.IsGuess ? "#2f8f4e" : "#2563a8";

    readonly record struct Cell(int Pass, int Loop, bool IsGuess, bool IsLate);

    sealed record Line(int Position, int Token)
    {
        public List<Cell> Cells { get; } = [];
    }
}
