using System.Net;
using System.Text.RegularExpressions;
using Ouro.Serving;

namespace Ouro.Laws.Serving;

/// <summary>Every request that the README shows is made, and answered.</summary>
public sealed partial class ReadmeExampleLaws
{
    [Fact]
    public async Task Every_request_of_the_README_is_answered()
    {
        await using var server = await ServerUnderTest.Start(more: OpenAiApi.Map);
        var examples = Curl().Matches(File.ReadAllText(Repository.Path("README.md")));

        examples.Count.ShouldBeGreaterThan(4);
        foreach (Match example in examples)
        {
            var answer = await server.Post(example.Groups[1].Value, example.Groups[2].Value);
            answer.Status.ShouldBe(HttpStatusCode.OK, example.Value + answer.Body);
            answer.Body.ShouldNotContain("\"warnings\"");
        }
    }

    [GeneratedRegex(@"^curl http://127\.0\.0\.1:11434(/\S+) -d '(.+)'$", RegexOptions.Multiline)]
    private static partial Regex Curl();
}
