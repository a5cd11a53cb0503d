using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>Examples of every generator are what they were under this version of them.</summary>
public sealed class TaskVersionLaws
{
    /// <summary>Whoever changes an example, on purpose, raises <see cref="RecipeTasks.Version"/> and writes both here.</summary>
    const int Version = 1;

    static readonly Dictionary<string, string> Hashes = new()
    {
        ["nano"] = "28eba69bd4795cbb",
        ["nano_text"] = "03f65e29c9f8d92c",
        ["mano"] = "18ccfac69cb8bc05",
        ["mano_ids"] = "cda72008b9324b85",
        ["capo"] = "ff9fff02e4f8dc5c",
        ["multi_hop_facts"] = "00b01cc98c60de5c",
        ["multi_hop_questions"] = "f4b0c219a4574a34",
    };

    [Fact]
    public void Examples_change_only_with_the_version()
    {
        RecipeTasks.Version.ShouldBe(Version);
        RecipeTasks.Names.ToDictionary(name => name, HashOf).ShouldBe(
            Hashes, ignoreOrder: true, "examples have changed: raise RecipeTasks.Version, so that no run goes on with other examples than it began with");
    }

    static string HashOf(string task)
    {
        var source = RecipeTasks.Read(new RecipeFields("tasks", "", JsonElement.Parse($$"""{ "task": "{{task}}" }""")));
        var numbers = Enumerable.Range(0, 300);
        var texts = RecipeTasks.Open(source, seed: 7) switch
        {
            TaskExamples.Questions questions => numbers.Select(number => questions.Item(number)).Select(item => $"{item.Question}\n{item.Answer}"),
            TaskExamples.Documents documents => numbers.Select(number => documents.Text(number)),
            TaskExamples.Ids ids => numbers.Select(number => ids.Source[number]).Select(example => $"{string.Join(' ', example.Ids)} from {example.FirstTarget}"),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join("\n\n", texts))))[..16];
    }
}
