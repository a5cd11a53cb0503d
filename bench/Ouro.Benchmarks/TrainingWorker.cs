using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ouro.Cli.Bench;
using Ouro.Tensors;
using Ouro.Training;

namespace Ouro.Benchmarks;

/// <summary>Our side of a comparison of training, in a process of its own so that its memory is its own; it speaks as <c>bench/peers/train_looped.py</c> does.</summary>
static class TrainingWorker
{
    public static void Run(FileInfo measures)
    {
        var settings = JsonNode.Parse(File.ReadAllText(measures.FullName))!;
        var size = TrainingSize.All.First(size => size.Name == settings["size"]!.GetValue<string>());
        var before = ProcessMemory.Read()?.Resident;
        using var backend = new CpuBackend(settings["threads"]!.GetValue<int>());
        var model = size.NewModel();
        var options = new TrainingOptions
        {
            Recompute = settings["recompute"]!.GetValue<bool>(),
            Storage = settings["bf16"]!.GetValue<bool>() ? StorageType.BF16 : StorageType.F32,
        };
        var run = new TrainingRun(model, backend, options);
        var optimizer = new AdamW(model.Parameters, backend);
        var objective = new Objective.EntropyRegularised(settings["beta"]!.GetValue<float>());
        var rate = settings["learning_rate"]!.GetValue<float>();
        Say(new() { ["parameters"] = size.Config.ParameterCount, ["bytes_before"] = before });
        var step = 0;
        while (Console.ReadLine() is { } line)
        {
            for (var count = int.Parse(line, CultureInfo.InvariantCulture); count > 0; count--)
            {
                var batch = size.Batch(step);
                var (began, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                var report = run.Accumulate(batch, objective, batch.TargetCount);
                var norm = optimizer.Step(rate);
                var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
                Say(new()
                {
                    ["step"] = step++,
                    ["seconds"] = seconds,
                    ["processor_seconds"] = (Environment.CpuUsage.TotalTime - used).TotalSeconds,
                    ["tokens_per_second"] = size.TokensInStep / seconds,
                    ["loss"] = report.Loss,
                    ["gradient_norm"] = norm,
                    ["peak_bytes"] = ProcessMemory.Read()?.Peak,
                });
            }
        }
    }

    static void Say(JsonObject line)
    {
        Console.WriteLine(line.ToJsonString());
        Console.Out.Flush();
    }
}
