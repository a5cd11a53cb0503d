using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Golden;

/// <summary>A row does not know its neighbours: losslessness is a test of equality, not of tolerance.</summary>
[Trait("Category", "Kernels")]
public sealed class RowLaws
{
    static readonly int[] Text = [5, 9, 200, 31, 77, 2, 140, 18, 63, 64, 65, 250, 7, 7, 300, 12];

    public static TheoryData<string, ActivationType, ElementType> Cases { get; } = new()
    {
        { "gguf/ouro-Q4_K_M.gguf", ActivationType.Int8, ElementType.F16 },
        { "gguf/ouro-Q3_K_L.gguf", ActivationType.Int8, ElementType.Q8_0 },
        { "gguf/ouro-Q8_0.gguf", ActivationType.F32, ElementType.F32 },
        { "tiny-bf16", ActivationType.F32, ElementType.F16 },
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_text_fed_at_once_gives_the_bits_of_a_text_fed_token_by_token(string path, ActivationType activations, ElementType kvType)
    {
        using var loaded = new LoadedModel(GoldenData.Path(path), threads: 2, activations);
        using var atOnce = new Session(loaded.Model, new ExitRule(4), 64, kvType);
        using var oneByOne = new Session(loaded.Model, new ExitRule(4), 64, kvType);

        atOnce.Feed(Text);
        foreach (var token in Text)
            oneByOne.Feed([token]);

        oneByOne.Logits.ToArray().ShouldBe(atOnce.Logits.ToArray());
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_number_of_threads_changes_no_bit(string path, ActivationType activations, ElementType kvType)
    {
        var logits = new[] { 1, 2, 3, 7 }.Select(threads =>
        {
            using var loaded = new LoadedModel(GoldenData.Path(path), threads, activations);
            using var session = new Session(loaded.Model, new ExitRule(4), 64, kvType);
            session.Feed(Text);
            return session.Logits.ToArray();
        }).ToArray();

        logits.ShouldAllBe(found => found.SequenceEqual(logits[0]));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Rows_of_other_texts_and_loops_in_a_pass_change_no_bit(string path, ActivationType activations, ElementType kvType)
    {
        using var loaded = new LoadedModel(GoldenData.Path(path), threads: 2, activations);
        var model = loaded.Model;
        using var alone = new Staircase(model, kvType, Text);
        using var first = new Staircase(model, kvType, Text);
        using var second = new Staircase(model, kvType, [.. Text.Reverse()]);

        // The wavefront's shape: in one pass, token p runs its loop d + 1 while token p + 1 runs loop d; and another text besides.
        alone.RunInOrder();
        Staircase.RunTogether(model, first, second);

        first.LastStates.ShouldBe(alone.LastStates);
    }

    [Fact]
    public void A_text_that_is_taken_up_again_gives_the_bits_of_a_new_one()
    {
        using var loaded = new LoadedModel(GoldenData.Path("gguf/ouro-Q5_K_M.gguf"), threads: 2, ActivationType.Int8);
        using var session = new Session(loaded.Model, new ExitRule(4), 64);
        using var fresh = new Session(loaded.Model, new ExitRule(4), 64);
        session.Feed(Text);

        int[] other = [.. Text[..9], 99, 98, 97];
        session.Become(other);
        fresh.Feed(other);

        session.Tokens.ToArray().ShouldBe(other);
        session.Logits.ToArray().ShouldBe(fresh.Logits.ToArray());
    }

    /// <summary>A text whose tokens run their loops in a chosen order.</summary>
    sealed class Staircase(OuroModel model, ElementType kvType, int[] text) : IDisposable
    {
        const int Loops = 4;
        readonly KvSequence _sequence = model.NewSequence(Loops, kvType);
        readonly Matrix[] _states = [.. text.Select(token => Embedded(model, token))];

        public float[][] LastStates => [.. _states.Select(state => state[0].ToArray())];

        public void RunInOrder()
        {
            for (var position = 0; position < text.Length; position++)
            {
                for (var loop = 0; loop < Loops; loop++)
                    model.Pass([new Row(_sequence, position, loop)], _states[position]);
            }
        }

        public static void RunTogether(OuroModel model, params Staircase[] texts)
        {
            var rows = new List<Row>();
            var sources = new List<Matrix>();
            for (var step = 0; step < texts[0].Length + Loops - 1; step++)
            {
                rows.Clear();
                sources.Clear();
                foreach (var text in texts)
                {
                    for (var loop = 0; loop < Loops; loop++)
                    {
                        var position = step - loop;
                        if (position < 0 || position >= text.Length)
                            continue;
                        rows.Add(new Row(text._sequence, position, loop));
                        sources.Add(text._states[position]);
                    }
                }

                var states = new Matrix(rows.Count, model.Config.Width);
                for (var i = 0; i < rows.Count; i++)
                    sources[i][0].CopyTo(states[i]);
                model.Pass([.. rows], states);
                for (var i = 0; i < rows.Count; i++)
                    states[i].CopyTo(sources[i][0]);
            }
        }

        public void Dispose() => _sequence.Dispose();

        int Length => text.Length;

        static Matrix Embedded(OuroModel model, int token)
        {
            var state = new Matrix(1, model.Config.Width);
            model.Embed([token], state);
            return state;
        }
    }
}
