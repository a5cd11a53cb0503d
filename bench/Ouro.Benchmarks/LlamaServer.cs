using System.Diagnostics;
using System.Text.Json.Nodes;
using Ouro.Cli.Bench;

namespace Ouro.Benchmarks;

/// <summary>llama.cpp in a process of its own, doing one thing at a time when asked; see <c>bench/peers/llama-server.mjs</c>.</summary>
sealed class LlamaServer : IDisposable
{
    readonly Process _process;

    /// <param name="folder">Of node-llama-cpp's compiled libraries, as <c>install-llama-cpp.sh</c> prints it.</param>
    public LlamaServer(string folder)
    {
        var addon = Path.Combine(folder, "llama-addon.node");
        if (!File.Exists(addon))
            throw new BenchmarkException($"{folder} has no llama-addon.node; bench/peers/install-llama-cpp.sh fetches it and prints its folder.");

        var start = new ProcessStartInfo("node", [Repository.Path("bench", "peers", "llama-server.mjs"), addon])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        var about = Ask(new() { ["do"] = "about" });
        About = $"its processor variant '{about["cpu"]}' ({about["system"]!.GetValue<string>().Replace(" = 1", "", StringComparison.Ordinal).Replace(" |", "", StringComparison.Ordinal).Trim()})";
    }

    /// <summary>Which of its kernels it has chosen for this machine.</summary>
    public string About { get; }

    /// <summary>Loads a file in place of the one before; seconds.</summary>
    public double Open(string file) => Ask(new() { ["do"] = "open", ["file"] = Path.GetFullPath(file) })["seconds"]!.GetValue<double>();

    /// <summary>Evaluates rows of each sequence at once, again and again for this long, once at least.</summary>
    /// <returns>Seconds of every repetition.</returns>
    public double[] Evaluate(Workload work, bool flash, string cache, TimeSpan time, int sequences = 1) => [.. Ask(new()
    {
        ["do"] = "evaluate",
        ["threads"] = work.Threads,
        ["flash"] = flash,
        ["cache"] = cache,
        ["rows"] = work.Rows,
        ["depth"] = work.Depth,
        ["sequences"] = sequences,
        ["time"] = time.TotalSeconds,
    })["seconds"]!.AsArray().Select(seconds => seconds!.GetValue<double>())];

    public ProcessMemory Memory()
    {
        var memory = Ask(new() { ["do"] = "memory" });
        return new(Bytes("resident"), Bytes("peak"), Bytes("own"));

        long Bytes(string name) => memory[name]!.GetValue<long>();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            _process.Kill();
        _process.Dispose();
    }

    JsonNode Ask(JsonObject command)
    {
        _process.StandardInput.WriteLine(command.ToJsonString());
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine() is { } line ? JsonNode.Parse(line)! : throw new BenchmarkException(Ended());
        return answer["error"] is { } error ? throw new BenchmarkException(error.GetValue<string>()) : answer;
    }

    string Ended()
    {
        _process.WaitForExit();
        return $"llama.cpp's process has ended with exit code {_process.ExitCode}.";
    }
}
