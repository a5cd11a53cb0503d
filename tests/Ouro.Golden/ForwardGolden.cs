using System.Text.Json;
using Ouro.Formats;
using Ouro.Generation;

namespace Ouro.Golden;

[Trait("Category", "Kernels")]
public sealed class ForwardGolden
{
    public static TheoryData<string, string> Cases { get; } = new()
    {
        { "tiny-bf16", "forward.json" },
        { "tiny-bf16", "forward-q0.5.json" },
        { "tiny-f32-tied", "forward.json" },
        { "tiny-f32-tied", "forward-q0.5.json" },
        { "one-layer-32-loops", "forward.json" },
        { "one-layer-32-loops", "forward-q0.5.json" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Every_loop_gives_the_reference_chances_and_logits(string folder, string file)
    {
        using var loaded = LoadedModel.Golden(folder);
        var expected = LoadedModel.Json($"{folder}/expected/{file}");
        var threshold = expected.GetProperty("q") is { ValueKind: JsonValueKind.Number } q ? q.GetDouble() : 1;
        var rule = new ExitRule(expected.GetProperty("ut_steps").GetInt32(), threshold);

        var trace = Trace.Run(loaded.Model, expected.GetProperty("ids").Ints(), rule, ElementType.F32);

        for (var loop = 0; loop < trace.Loops.Count; loop++)
        {
            ShouldBeNear(trace.Loops[loop].GateLogit, expected.GetProperty("gate_logit")[loop]);
            ShouldBeNear([.. trace.Loops[loop].StopChance.Select(x => (float)x)], expected.GetProperty("lambda")[loop]);
            ShouldBeNear([.. trace.Loops[loop].ExitChance.Select(x => (float)x)], expected.GetProperty("pdf")[loop]);
            ShouldBeNear([.. trace.Loops[loop].Cumulative.Select(x => (float)x)], expected.GetProperty("cdf")[loop]);
        }

        trace.ExitLoop.Select(exit => exit - 1).ShouldBe(expected.GetProperty("exit_step").Ints());
        ShouldHaveLogits(trace, expected);
    }

    static void ShouldHaveLogits(Trace trace, JsonElement expected)
    {
        var compared = 0;
        if (expected.TryGetProperty("step_logits", out var steps))
        {
            var kept = expected.TryGetProperty("step_logits_kept_steps", out var which)
                ? which.Ints() : [.. Enumerable.Range(0, steps.GetArrayLength())];
            for (var i = 0; i < kept.Length; i++)
            {
                for (var token = 0; token < trace.Ids.Length; token++, compared++)
                    ShouldBeNear(trace.Loops[kept[i]].Logits[token], steps[i][token]);
            }
        }

        if (expected.TryGetProperty("logits", out var read))
        {
            for (var token = 0; token < trace.Ids.Length; token++, compared++)
                ShouldBeNear(trace.Loops[trace.ExitLoop[token] - 1].Logits[token], read[token]);
        }

        // -log softmax of the token that really follows: one number that depends on every logit.
        foreach (var (loop, losses) in expected.GetProperty("next_token_ce").EnumerateArray().Index())
        {
            var found = trace.Ids.Skip(1).Select((next, token) => CrossEntropy(trace.Loops[loop].Logits[token], next));
            ShouldBeNear([.. found], losses);
            compared++;
        }

        compared.ShouldBeGreaterThan(0);
    }

    static float CrossEntropy(float[] logits, int next)
    {
        var largest = logits.Max();
        return (float)(Math.Log(logits.Sum(logit => Math.Exp(logit - largest))) + largest - logits[next]);
    }

    internal static void ShouldBeNear(float[] found, JsonElement expected)
    {
        var numbers = expected.Floats();
        found.Length.ShouldBe(numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
            found[i].ShouldBe(numbers[i], Tolerance.Forward);
    }
}
