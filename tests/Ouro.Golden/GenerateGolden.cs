using System.Text.Json;
using Ouro.Formats;
using Ouro.Generation;

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
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_greedy_text_is_the_reference_text_up_to_a_tie(string folder, string file)
    {
        using var loaded = LoadedModel.Golden(folder);
        var expected = LoadedModel.Json($"{folder}/expected/{file}");
        var policy = expected.GetProperty("policy");
        var threshold = policy.TryGetProperty("q", out var q) && q.ValueKind == JsonValueKind.Number ? q.GetDouble() : 1;
        using var session = new Session(loaded.Model, new ExitRule(loaded.Model.Config.Loops, threshold), 256, ElementType.F32);

        session.Feed(expected.GetProperty("prompt").Ints());
        var sampler = new Sampler(SamplingOptions.Greedy, loaded.Model.Config.Vocabulary);
        var written = session.Write(sampler).Take(expected.GetProperty("ids").GetArrayLength()).ToArray();

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

        if (tie < 0)
            (session.RowsRun * loaded.Model.Config.Layers).ShouldBe(expected.GetProperty("layer_passes").GetInt64());
    }
}
