using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ouro.Cli.Bench;
using Ouro.Training.Tasks;
using Ouro.Training.Tasks.Nano;

namespace Ouro.Benchmarks;

/// <summary>Many clients on the real server for minutes, some of whom go away in mid-answer: latencies, memory, and whether every answer is what its request gets alone.</summary>
static class ServingBenchmark
{
    const int Clients = 64;
    const int Questions = 256;
    const double CancelledShare = 0.2;

    /// <summary>What one client saw.</summary>
    sealed record Seen(double Seconds, double FirstText, int Tokens, bool IsRight);

    public static void Run(int seconds, bool write, CancellationToken cancel) => RunAsync(seconds, write, cancel).GetAwaiter().GetResult();

    static async Task RunAsync(int seconds, bool write, CancellationToken cancel)
    {
        var report = new Report("serving");
        using var server = Start();
        try
        {
            var address = (await server.StandardOutput.ReadLineAsync(cancel))?.Split(' ')[^1] ?? throw new BenchmarkException("The server has not started.");
            _ = server.StandardOutput.ReadToEndAsync(CancellationToken.None);
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Clients }) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(2) };
            var tasks = new NanoTasks(seed: 1, Split.HeldOut);
            var questions = Enumerable.Range(0, Questions).Select(number => (Text: tasks[number].Question, Seed: number)).ToArray();
            Console.Error.WriteLine($"{Questions} questions, each alone");
            var alone = new string[Questions];
            for (var i = 0; i < Questions; i++)
                alone[i] = (await Ask(http, questions[i], null, cancel)).Text;

            Console.Error.WriteLine($"{Clients} clients for {seconds} s");
            var (seen, gone) = (new List<Seen>(), 0);
            var memory = new List<long>();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            end.CancelAfter(TimeSpan.FromSeconds(seconds));
            var clients = Enumerable.Range(0, Clients).Select(client => Client(http, client, questions, alone, seen, () => Interlocked.Increment(ref gone), end.Token)).ToArray();
            while (!end.IsCancellationRequested)
            {
                memory.Add(ProcessMemory.Read(server.Id)?.Resident ?? 0);
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
            }

            await Task.WhenAll(clients);
            cancel.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromSeconds(1), cancel);
            var left = OpenTexts(await http.GetStringAsync("/metrics", cancel));
            report.Add("load", Summarise(seen, gone, seconds, memory, left));
            report.Note($"{Clients} clients, one request each at a time, through `/api/chat` of `ouro serve` in a process of its own, streamed, temperature 0.8 with a seed; one in {1 / CancelledShare:0} goes away "
                + "after a random time of up to half a second and asks the next. Every answer that ended is compared with what the same request got alone before. The clients share the machine's cores with the server. "
                + "Memory is the server's resident memory, the mean of the tenths of the time named.");
            report.Finish(write);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    static async Task Client(HttpClient http, int client, (string Text, int Seed)[] questions, string[] alone, List<Seen> seen, Action leaves, CancellationToken end)
    {
        var draws = new Random(client);
        while (!end.IsCancellationRequested)
        {
            var which = draws.Next(questions.Length);
            using var patience = new CancellationTokenSource();
            var isLeaving = draws.NextDouble() < CancelledShare;
            if (isLeaving)
                patience.CancelAfter(TimeSpan.FromMilliseconds(draws.Next(500)));
            try
            {
                var started = Stopwatch.GetTimestamp();
                var (text, first, tokens) = await Ask(http, questions[which], started, patience.Token);
                lock (seen)
                    seen.Add(new Seen(Stopwatch.GetElapsedTime(started).TotalSeconds, first, tokens, text == alone[which]));
            }
            catch (OperationCanceledException) when (isLeaving)
            {
                leaves();
            }
        }
    }

    static async Task<(string Text, double First, int Tokens)> Ask(HttpClient http, (string Text, int Seed) question, long? started, CancellationToken cancel)
    {
        var body = new JsonObject
        {
            ["model"] = "nano",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question.Text }),
            ["options"] = new JsonObject { ["seed"] = question.Seed, ["num_predict"] = 48 },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat") { Content = JsonContent.Create(body) };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        var (text, first) = ("", 0.0);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            var part = JsonElement.Parse(line);
            if (part.TryGetProperty("error", out var error))
                throw new BenchmarkException($"The server says: {error}");
            first = first == 0 && started is { } start ? Stopwatch.GetElapsedTime(start).TotalSeconds : first;
            text += part.GetProperty("message").GetProperty("content").GetString();
            if (part.GetProperty("done").GetBoolean())
                return (text, first, part.GetProperty("eval_count").GetInt32());
        }

        throw new BenchmarkException("An answer ended without its last line.");
    }

    static Table Summarise(List<Seen> seen, int gone, int seconds, List<long> memory, double left)
    {
        var table = new Table(new("what"), new("value", "0.###"));
        var tenth = Math.Max(1, memory.Count / 10);
        double[] Sorted(Func<Seen, double> of) => [.. seen.Select(of).Order()];
        var (whole, first) = (Sorted(answer => answer.Seconds), Sorted(answer => answer.FirstText));
        table.Add("answers", seen.Count);
        table.Add("of them not what the request gets alone", seen.Count(answer => !answer.IsRight));
        table.Add("clients that went away in mid-answer", gone);
        table.Add("texts still open on the server a second later", left);
        table.Add("answers a second", seen.Count / (double)seconds);
        table.Add("tokens a second", seen.Sum(answer => answer.Tokens) / (double)seconds);
        foreach (var (name, times) in new[] { ("first text", first), ("whole answer", whole) })
        {
            table.Add($"{name}, median, ms", 1000 * At(times, 0.5));
            table.Add($"{name}, 99 of 100 within, ms", 1000 * At(times, 0.99));
            table.Add($"{name}, longest, ms", 1000 * times[^1]);
        }

        table.Add("memory, second tenth, MB", memory.Skip(tenth).Take(tenth).Average() / 1e6);
        table.Add("memory, last tenth, MB", memory.TakeLast(tenth).Average() / 1e6);
        return table;
    }

    static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];

    static double OpenTexts(string metrics)
        => metrics.Split('\n').Where(line => line.StartsWith("ouro_open_texts", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));

    static Process Start()
    {
        var start = new ProcessStartInfo("dotnet", [OuroProgram.Location, "serve", "--host", "127.0.0.1:0", "--quiet"]) { RedirectStandardOutput = true };
        return Process.Start(start)!;
    }
}
