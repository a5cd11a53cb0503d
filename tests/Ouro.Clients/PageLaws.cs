using System.Text.RegularExpressions;
using Ouro.Laws;

namespace Ouro.Clients;

/// <summary>The chat page in a real browser: every test of tests/browser is a law here.</summary>
public sealed partial class PageLaws(PageLaws.BrowserRun run) : IClassFixture<PageLaws.BrowserRun>
{
    const string Script = "page.test.mjs";

    public static TheoryData<string> Tests => [.. TestName().Matches(File.ReadAllText(Repository.Path($"tests/browser/{Script}"))).Select(match => match.Groups[1].Value)];

    [Theory]
    [MemberData(nameof(Tests))]
    public async Task In_Chromium(string test)
    {
        var report = await run.Report();

        // A line "ok 1 - NAME" or "not ok 1 - NAME", and behind it, further in, why.
        var lines = report.Split('\n');
        var at = Array.FindIndex(lines, line => Outcome().Match(line) is { Success: true } match && match.Groups[2].Value == test);
        at.ShouldBeGreaterThanOrEqualTo(0, report);
        var why = lines.Skip(at).TakeWhile((line, i) => i == 0 || line.StartsWith("  ", StringComparison.Ordinal));
        lines[at].ShouldStartWith("ok ", customMessage: string.Join('\n', why));
    }

    [GeneratedRegex(@"^test\('([^']+)'", RegexOptions.Multiline)]
    private static partial Regex TestName();

    [GeneratedRegex(@"^(ok|not ok) \d+ - (.*)$")]
    private static partial Regex Outcome();

    /// <summary>All tests of the browser, run once against a server of its own.</summary>
    public sealed class BrowserRun : IAsyncLifetime
    {
        static readonly string[] Browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

        readonly OllamaServer _server = new();
        Task<string>? _report;

        /// <summary>What the tests printed, in the form of TAP. Skips the test, with a reason, where Node.js, the library, a browser or the page is not there.</summary>
        public async Task<string> Report()
        {
            var browser = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named ? named : Browsers.Select(OnPath).FirstOrDefault(path => path is not null);
            Assert.SkipWhen(browser is null, "Needs Chromium: install it, or name it in the variable CHROMIUM.");
            using var client = new HttpClient { DefaultRequestHeaders = { { "Accept", "text/html" } } };
            var page = await client.GetStringAsync(_server.Address);
            Assert.SkipUnless(page.Contains("<script", StringComparison.Ordinal), "Needs the page: it is built where npm is installed.");
            return await (_report ??= NodeScript.Run(
                "browser", "browser's library", ["--test", "--test-reporter=tap", Script],
                environment: new Dictionary<string, string> { ["OURO_URL"] = _server.Address.ToString(), ["CHROMIUM"] = browser! }, mayFail: true));
        }

        public ValueTask InitializeAsync() => _server.InitializeAsync();

        public ValueTask DisposeAsync() => _server.DisposeAsync();

        static string? OnPath(string program)
            => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }
}
