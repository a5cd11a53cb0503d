using Ouro.Generation;
using Ouro.Laws.Conversion;
using Ouro.Tensors;

namespace Ouro.Laws.Generation;

/// <summary>Guessing ahead and sharing passes decide when something is computed, never what.</summary>
public sealed class WavefrontLaws
{
    const int Cases = 200;

    public static TheoryData<string, ActivationType, int> Models
    {
        get
        {
            var data = new TheoryData<string, ActivationType, int>();
            for (var seed = 1; seed <= 4; seed++)
            {
                data.Add("tiny-bf16", ActivationType.F32, seed);
                data.Add("tiny-f32-tied", ActivationType.F32, seed);
                data.Add("gguf/ouro-Q4_K_M.gguf", ActivationType.Int8, seed);
            }

            data.Add("one-layer-32-loops", ActivationType.F32, 1);
            return data;
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Every_reply_is_that_of_plain_decoding_to_the_last_bit_of_its_logits(string path, ActivationType activations, int seed)
    {
        using var open = new OpenModel(Workshop.Golden(path), activations, threads: 1 + seed % 2);
        var random = new Random(seed);
        long kept = 0, wrong = 0;
        for (var i = 0; i < Cases; i++)
        {
            var reply = RandomReply.Draw(random, open.Model, Depths(path));
            var expected = reply.Plainly(open.Model);
            var chooser = reply.NewChooser(open.Model);
            using var session = new Session(open.Model, reply.Options);
            session.Feed(reply.Prompt);

            var written = session.Write(chooser, reply.Limit, reply.Stops).ToArray();

            written.ShouldBe(expected.Select(step => step.Token), $"case {i}: {reply}");
            for (var t = 0; t < written.Length; t++)
                chooser.Logits[reply.Prompt.Length + t].ShouldBe(expected[t].Logits, $"case {i}, token {t}: {reply}");
            kept += session.Counters.GuessesKept;
            wrong += session.Counters.Guesses - session.Counters.GuessesKept;
        }

        // A test in which no guess was made, or none was wrong, would prove nothing.
        kept.ShouldBeGreaterThan(50);
        wrong.ShouldBeGreaterThan(100);
    }

    static int[] Depths(string path) => path == "one-layer-32-loops" ? [5, 9, 32] : [1, 2, 3, 4, 4, 6];
}
