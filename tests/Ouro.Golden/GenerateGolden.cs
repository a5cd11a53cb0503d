using System.Text.Json;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Golden;

public sealed class GenerateGolden
{
    public static TheoryData<string, string> Cases { get; } = new()
    {
        { "tiny-bf16", "generate-full-depth.json" },
        { "tiny-bf16", "generate-q0.6-all-loops-run.json" },
        { "tiny-f32-tied", "generate-full-depth.json" },
        { "tiny-f32-tied", "generate-q0.6-all-loops-run.json" },
        { "one-layer-32-loops", "generate-full-depth.json" },
        { "one-layer-32-loops", "generate-q0.6-all-loops-run.json" },
        { "tiny-bf16", "generate-q0.6-last-exited.json" },
        { "tiny-bf16", "generate-kv-last-loop.json" },
        { "tiny-bf16", "generate-kv-first-loop.json" },
        { "tiny-bf16", "generate-kv-average.json" },
        { "tiny-f32-tied", "generate-q0.6-last-exited.json" },
        { "tiny-f32-tied", "generate-kv-last-loop.json" },
        { "tiny-f32-tied", "generate-kv-first-loop.json" },
        { "tiny-f32-tied", "generate-kv-average.json" },
        { "one-layer-32-loops", "generate-q0.6-last-exited.json" },
        { "one-layer-32-loops", "generate-kv-last-loop.json" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_greedy_text_is_the_reference_text_up_to_a_tie(string folder, string file)
    {
        using var loaded = LoadedModel.Golden(folder);
        var expected = LoadedModel.Json($"{folder}/expected/{file}");
        var policy = expected.GetProperty("policy");
        var threshold = policy.TryGetProperty("q", out var q) && q.ValueKind == JsonValueKind.Number ? q.GetDouble() : 1;
        using var session = new Session(loaded.Model, new SequenceOptions(new ExitRule(loaded.Model.Config.Loops, threshold), 256)
        {
            Policy = PolicyOf(expected),
            KvType = ElementType.F32,
            DraftLoops = 0,
        });

        session.Feed(expected.GetProperty("prompt").Ints());
        var sampler = new Sampler(SamplingOptions.Greedy, loaded.Model.Config.Vocabulary);
        var written = session.Write(sampler, expected.GetProperty("ids").GetArrayLength()).ToArray();

        var tie = Array.FindIndex(written, token => token.Margin < Tolerance.Tie);
        var certain = tie < 0 ? written.Length : tie;
        certain.ShouldBeGreaterThan(8, "a golden text with a tie so early would test nothing");
        var tokens = expected.GetProperty("tokens").EnumerateArray().ToArray();
        for (var i = 0; i < certain; i++)
        {
            written[i].Id.ShouldBe(tokens[i].GetProperty("id").GetInt32(), $"token {i}");
            written[i].Depth.ShouldBe(tokens[i].GetProperty("exit_step").GetInt32() + 1, $"depth of token {i}");
            written[i].LoopsRun.ShouldBe(tokens[i].GetProperty("last_step_run").GetInt32() + 1, $"loops of token {i}");
            written[i].Margin.ShouldBe(tokens[i].GetProperty("margin").GetSingle(), Tolerance.Tie, $"margin of token {i}");
        }

        session.Complete();
        if (tie < 0)
            (session.RowsRun * loaded.Model.Config.Layers).ShouldBe(expected.GetProperty("layer_passes").GetInt64());
    }

    static KvPolicy PolicyOf(JsonElement expected) => expected.GetProperty("kv").GetString() switch
    {
        "full" => expected.GetProperty("policy").GetProperty("saving").GetBoolean() ? KvPolicy.LastExited : KvPolicy.Exact,
        "last" => KvPolicy.LastLoop,
        "first" => KvPolicy.FirstLoop,
        "average" or "mean" => KvPolicy.Average,
        var other => throw new ArgumentException($"no policy is called {other}"),
    };
}
