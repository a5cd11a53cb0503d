using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ouro.Benchmarks;

/// <summary>One column: its heading, and how its numbers are written; text columns have no format.</summary>
sealed record Column(string Heading, string? Format = null);

/// <summary>Rows under headings. Cells are text, numbers, or null where nothing was measured.</summary>
sealed class Table(params Column[] columns)
{
    readonly List<object?[]> _rows = [];

    public void Add(params object?[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"{cells.Length} cells for {columns.Length} columns.", nameof(cells));
        _rows.Add(cells);
    }

    /// <summary>Takes over rows that <see cref="Json"/> gave: those whose first cell is <paramref name="first"/>.</summary>
    /// <exception cref="BenchmarkException">They have other headings.</exception>
    public void AddEarlier(JsonNode? earlier, string first)
    {
        foreach (var row in (earlier?.AsArray() ?? []).Select(row => row!.AsObject()))
        {
            if (row[columns[0].Heading]?.ToString() != first)
                continue;
            if (!row.Select(cell => cell.Key).SequenceEqual(columns.Select(column => column.Heading)))
                throw new BenchmarkException($"The earlier rows of {first} have other columns than today's; measure all types in one run.");
            _rows.Add([.. columns.Select(column => Cell(row[column.Heading], column))]);
        }
    }

    public string Markdown()
    {
        var text = new StringBuilder();
        Line(text, columns.Select(column => column.Heading));
        Line(text, columns.Select(column => column.Format is null ? "---" : "---:"));
        foreach (var row in _rows)
            Line(text, row.Select((cell, i) => Text(cell, columns[i].Format)));
        return text.ToString();
    }

    /// <summary>The rows as objects with the headings for keys, numbers unrounded.</summary>
    public JsonArray Json()
        => new([.. _rows.Select(row => (JsonNode)new JsonObject(row.Select((cell, i) => KeyValuePair.Create(columns[i].Heading, Node(cell)))))]);

    static object? Cell(JsonNode? cell, Column column) => cell is null ? null : column.Format is null ? cell.ToString() : cell.GetValue<double>();

    static void Line(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    static string Text(object? cell, string? format) => cell switch
    {
        null => "-",
        IFormattable number => number.ToString(format, CultureInfo.InvariantCulture),
        _ => cell.ToString()!,
    };

    static JsonNode? Node(object? cell) => cell switch
    {
        null => null,
        int number => number,
        long number => number,
        double number => double.IsFinite(number) ? number : null,
        _ => cell.ToString(),
    };
}
