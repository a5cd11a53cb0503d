using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Ouro.Laws;

/// <summary>The floors of the house, as ARCHITECTURE.md draws them.</summary>
public sealed partial class ArchitectureLaws
{
    const int LongestFile = 400;

    // Reading order is reference order: a project may use only what stands above it in this list.
    static readonly (string Project, string[] MayUse)[] Floors =
    [
        ("Ouro.Formats", []),
        ("Ouro.Text", ["Ouro.Formats"]),
        ("Ouro.Tensors", ["Ouro.Formats"]),
        ("Ouro.Model", ["Ouro.Formats", "Ouro.Tensors"]),
        ("Ouro.Generation", ["Ouro.Model"]),
        ("Ouro.Training", ["Ouro.Model", "Ouro.Text"]),
        ("Ouro.Chat", ["Ouro.Generation", "Ouro.Text"]),
        ("Ouro.Serving", ["Ouro.Chat"]),
        ("Ouro.Cli", ["Ouro.Chat", "Ouro.Formats", "Ouro.Generation", "Ouro.Model", "Ouro.Serving", "Ouro.Tensors", "Ouro.Text", "Ouro.Training"]),
    ];

    [Fact]
    public void Project_references_equal_the_floor_plan()
    {
        var drawn = Floors.ToDictionary(floor => floor.Project, floor => floor.MayUse.Order().ToArray());
        var built = Directory.GetFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path)!, ProjectReferences);

        built.Keys.Order().ShouldBe(drawn.Keys.Order());
        foreach (var (project, references) in built)
            references.ShouldBe(drawn[project], $"{project} references something that its floor does not allow, or less than is drawn");
    }

    [Fact]
    public void No_source_file_is_longer_than_four_hundred_lines()
        => Sources("src", "tests", "bench")
            .Select(path => (path, lines: File.ReadLines(path).Count()))
            .Where(file => file.lines > LongestFile)
            .ShouldBeEmpty();

    [Fact]
    public void No_type_has_a_name_that_says_nothing()
        => Sources("src")
            .SelectMany(path => EmptyName().Matches(File.ReadAllText(path)).Select(match => $"{path}: {match.Value}"))
            .ShouldBeEmpty();

    [Fact]
    public void Unsafe_code_lives_in_Tensors_and_in_the_memory_map_of_Formats()
        => Sources("src")
            .Where(path => UnsafeKeyword().IsMatch(File.ReadAllText(path)))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("src/Ouro.Tensors/", StringComparison.Ordinal) && path != "src/Ouro.Formats/MappedFile.cs")
            .ShouldBeEmpty();

    [Fact]
    public void Every_path_in_the_road_in_table_exists()
    {
        var text = File.ReadAllText(Repository.Path("ARCHITECTURE.md"));
        var paths = SourcePath().Matches(text).Select(match => match.Groups[1].Value).Distinct().ToArray();

        paths.ShouldNotBeEmpty();
        paths.Where(path => !File.Exists(Repository.Path(path)) && !Directory.Exists(Repository.Path(path))).ShouldBeEmpty();
    }

    static IEnumerable<string> Sources(params string[] folders)
        => folders.Select(Repository.Path).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal));

    static string[] ProjectReferences(string project)
        => [.. XDocument.Load(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)).Order()];

    [GeneratedRegex(@"\b(?:class|struct|record|interface) \w*(?:Manager|Helper|Utils?|Core|Impl|Processor|Common)\b")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"(?<!\w)unsafe (?!code)")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"`((?:src|tests|bench)/[\w./-]+)`")]
    private static partial Regex SourcePath();
}
