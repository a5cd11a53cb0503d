using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ouro.Laws.Cli;

namespace Ouro.Laws.Serving.Store;

/// <summary>A server that is killed while it creates, pulls and answers: what it confirmed is there, and nothing is half there.</summary>
public sealed class ServeKillLaws
{
    const int Rounds = 6;

    [Fact]
    public async Task A_killed_server_loses_nothing_that_was_confirmed()
    {
        using var shop = new StoreShop();
        using var hub = PullLaws.HubWith("m-q8_0.gguf");
        var confirmed = new HashSet<string>();
        var random = new Random(5);
        for (var round = 0; round < Rounds; round++)
        {
            using var process = OuroProgram.StartIn(shop.Environment(hub), ["serve", "--host", "127.0.0.1:0", "--threads", "1", "--quiet"]);
            await Use(process, confirmed, round, TimeSpan.FromMilliseconds(100 + random.Next(1500)));

            shop.Check().Problems.ShouldBeEmpty();
            foreach (var name in confirmed)
                shop.Find(name).ShouldNotBeNull(name);
            foreach (var model in shop.Store.List())
                new FileInfo(model.Path).Length.ShouldBe(model.Bytes);
        }

        confirmed.ShouldNotBeEmpty();
        shop.Clock.Ahead = TimeSpan.FromDays(9);
        shop.Create("last");
        shop.ShouldBeClean();
    }

    /// <summary>Has a server do many things at once, and kills it.</summary>
    /// <param name="life">How long the server lives; the first one until it has confirmed something.</param>
    static async Task Use(Process process, HashSet<string> confirmed, int round, TimeSpan life)
    {
        try
        {
            var greeting = (await process.StandardOutput.ReadLineAsync()).ShouldNotBeNull(await Said(process));
            using var client = new HttpClient { BaseAddress = new Uri(greeting.Split(' ')[^1]) };

            // What was confirmed by servers before this one answers.
            foreach (var name in confirmed)
                (await Post(client, "/api/show", new { model = name })).ShouldBeTrue(name);

            var work = Task.WhenAll(
                Confirm(client, confirmed, $"made{round}", "/api/create", new { model = $"made{round}", from = "nano", quantize = "q4_k_m", stream = false }),
                Confirm(client, confirmed, $"copied{round}", "/api/create", new { model = $"copied{round}", from = "nano", system = "Be brief.", stream = false }),
                Confirm(client, confirmed, PullLaws.Repo, "/api/pull", new { model = $"hf.co/{PullLaws.Repo}", stream = false }),
                Post(client, "/api/generate", new { model = "nano", prompt = "a", raw = true, options = new { num_ctx = 4000 } }));
            if (round == 0)
                await ServerUnderTest.Eventually(() => Count(confirmed) > 0, "something is confirmed");
            else
                await Task.WhenAny(work, Task.Delay(life));
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            await work;
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    static int Count(HashSet<string> confirmed)
    {
        lock (confirmed)
            return confirmed.Count;
    }

    static async Task Confirm(HttpClient client, HashSet<string> confirmed, string name, string path, object body)
    {
        if (await Post(client, path, body))
        {
            lock (confirmed)
                confirmed.Add(name);
        }
    }

    /// <summary>True if the server said that it is done.</summary>
    static async Task<bool> Post(HttpClient client, string path, object body)
    {
        try
        {
            using var content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(path, content);
            var text = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode && !text.Contains("\"error\"", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    static async Task<string> Said(Process process) => process.HasExited ? await process.StandardError.ReadToEndAsync() : "";
}
