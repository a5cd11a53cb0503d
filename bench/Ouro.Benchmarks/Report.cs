using Ouro.Cli.Bench;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ouro.Benchmarks;

/// <summary>The result of one benchmark: tables and sentences, printed, and with <c>--write</c> put where readers find them.</summary>
sealed class Report
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly string _name;
    readonly string _document;
    readonly DateTimeOffset _date = TimeProvider.System.GetUtcNow();
    readonly Neighbours _neighbours = new();
    readonly List<string> _parts = [];
    readonly JsonObject _tables = [];
    readonly JsonArray _notes = [];
    readonly List<(string Path, string Svg)> _pictures = [];

    /// <param name="name">Names the part of the document and the file of raw numbers.</param>
    /// <param name="document">The file, at the top of the working copy, that has the part.</param>
    public Report(string name, string document = "BENCHMARKS.md")
    {
        (_name, _document) = (name, document);
        _neighbours.Resume();
    }

    /// <summary>Where this processor's raw numbers lie.</summary>
    public string BaselineFile => Repository.Path("bench", "baselines", FolderName(), _name + ".json");

    /// <summary>The day of this run, in UTC.</summary>
    public string Day => _date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The raw numbers that the last run left for this processor; null if there are none.</summary>
    public JsonNode? Earlier => File.Exists(BaselineFile) ? JsonNode.Parse(File.ReadAllText(BaselineFile)) : null;

    public void Add(string key, Table table)
    {
        _parts.Add(table.Markdown());
        _tables[key] = table.Json();
    }

    /// <summary>A table that is kept with the raw numbers and not shown.</summary>
    public void Keep(string key, Table table) => _tables[key] = table.Json();

    /// <summary>A picture, written beside the document.</summary>
    /// <param name="path">From the top of the working copy, with slashes.</param>
    /// <param name="says">What it shows, for those who cannot see it.</param>
    public void Picture(string path, string says, string svg)
    {
        _parts.Add($"![{says}]({path})\n");
        _pictures.Add((path, svg));
    }

    /// <summary>A sentence under the table before it.</summary>
    public void Note(string sentence)
    {
        _parts.Add(sentence + "\n");
        _notes.Add((JsonNode)sentence);
    }

    public void Finish(bool write)
    {
        _neighbours.Pause();
        var neighbours = _neighbours.Describe();
        var text = string.Join('\n', [$"{Machine.Header(_date)}; {neighbours}.\n", .. _parts]);
        Console.WriteLine(text);
        if (!write)
            return;

        Replace(text);
        foreach (var (path, svg) in _pictures)
        {
            var place = Repository.Path(path.Split('/'));
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.WriteAllText(place, svg);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(BaselineFile)!);
        var raw = new JsonObject { ["machine"] = Machine.Json(_date), ["neighbours"] = neighbours, ["tables"] = _tables, ["notes"] = _notes };
        File.WriteAllText(BaselineFile, raw.ToJsonString(Indented) + "\n");
    }

    void Replace(string text)
    {
        var path = Repository.Path(_document);
        var document = File.ReadAllText(path);
        var (first, last) = ($"<!-- {_name} -->", $"<!-- /{_name} -->");
        var start = document.IndexOf(first, StringComparison.Ordinal);
        var end = document.IndexOf(last, StringComparison.Ordinal);
        if (start < 0 || end < start)
            throw new BenchmarkException($"{_document} has no part between '{first}' and '{last}' to write to; add the two lines.");

        File.WriteAllText(path, $"{document[..(start + first.Length)]}\n\n{text}\n{document[end..]}");
    }

    static string FolderName()
    {
        var words = new StringBuilder();
        foreach (var letter in Machine.Processor.ToLowerInvariant())
            if (char.IsAsciiLetterOrDigit(letter))
                words.Append(letter);
            else if (words.Length > 0 && words[^1] != '-')
                words.Append('-');

        return words.ToString().Trim('-');
    }
}
