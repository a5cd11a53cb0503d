using Ouro.Formats;
using Ouro.Generation;
using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Laws.Generation;

/// <summary>Sessions on a small golden model of four loops.</summary>
public sealed class SessionLaws : IDisposable
{
    static readonly int[] Text = [5, 9, 200, 31, 77, 2, 140, 18];

    readonly OpenModel _open = new(Workshop.Golden("tiny-bf16"));

    OuroModel Model => _open.Model;

    public void Dispose() => _open.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public void Num_iterations_k_says_what_loop_k_of_a_deeper_run_says(int loops)
    {
        var deeper = Trace.Run(Model, Text, new ExitRule(7));
        using var session = new Session(Model, new ExitRule(loops), Text.Length);

        session.Feed(Text);

        session.Depth.ShouldBe(loops);
        session.RowsRun.ShouldBe(loops * Text.Length);
        session.Logits.ToArray().ShouldBe(deeper.Loops[loops - 1].Logits[^1]);
    }

    [Theory]
    [InlineData(1e-6, 1)]
    [InlineData(0.5, 1)]
    [InlineData(0.6, 2)]
    [InlineData(0.9, 1)]
    [InlineData(1, 1)]
    [InlineData(1e-6, 3)]
    public void A_session_reads_each_token_where_a_trace_reads_it(double threshold, int minLoops)
    {
        var rule = new ExitRule(4, threshold, minLoops);
        var trace = Trace.Run(Model, Text, rule);
        using var session = new Session(Model, rule, Text.Length);

        for (var token = 0; token < Text.Length; token++)
        {
            session.Feed([Text[token]]);

            session.Depth.ShouldBe(trace.ExitLoop[token]);
            session.Depth.ShouldBeInRange(minLoops, 4);
            session.Logits.ToArray().ShouldBe(trace.Loops[session.Depth - 1].Logits[token]);
        }
    }

    [Fact]
    public void A_model_without_a_gate_runs_at_full_depth_whatever_the_rule()
    {
        using var workshop = new Workshop();
        using var gateless = new OpenModel(workshop.ToGguf(Workshop.Golden("tiny-bf16"), "lost.gguf", new ConversionOptions { WithoutGate = true }));
        using var session = new Session(gateless.Model, new ExitRule(4, 1e-6), Text.Length);
        using var whole = new Session(Model, new ExitRule(4), Text.Length);

        session.Feed(Text);
        whole.Feed(Text);

        session.Rule.ShouldBe(new ExitRule(4));
        session.Depth.ShouldBe(4);
        session.Logits.ToArray().ShouldBe(whole.Logits.ToArray());
    }

    [Fact]
    public void A_text_may_fill_its_context_and_not_a_token_more()
    {
        using var session = new Session(Model, new ExitRule(4), Text.Length);
        session.Feed(Text);
        var logits = session.Logits.ToArray();

        Should.Throw<InvalidOperationException>(() => session.Feed([1])).Message.ShouldContain("9 tokens");
        Should.Throw<InvalidOperationException>(() => session.Become([.. Text, 1])).Message.ShouldContain("9 tokens");

        session.Tokens.ToArray().ShouldBe(Text);
        session.Logits.ToArray().ShouldBe(logits);
    }

    [Fact]
    public void A_reply_goes_on_until_the_context_is_full_and_its_last_token_is_not_fed()
    {
        using var session = new Session(Model, new ExitRule(4), Text.Length + 5);
        session.Feed(Text);

        var reply = session.Write(new Sampler(SamplingOptions.Greedy, Model.Config.Vocabulary)).Select(token => token.Id).ToArray();

        reply.Length.ShouldBe(6);
        session.Tokens.ToArray().ShouldBe([.. Text, .. reply[..^1]]);
    }

    [Fact]
    public void What_nobody_fed_cannot_be_read()
    {
        using var session = new Session(Model, new ExitRule(4), 16);
        var sampler = new Sampler(SamplingOptions.Greedy, Model.Config.Vocabulary);

        Should.Throw<InvalidOperationException>(() => session.Logits.Length);
        Should.Throw<InvalidOperationException>(() => session.Write(sampler).First());
        session.Feed(Text);
        session.Become([]);

        session.Tokens.ToArray().ShouldBeEmpty();
        session.Depth.ShouldBe(0);
        Should.Throw<InvalidOperationException>(() => session.Logits.Length);
    }

    [Fact]
    public void A_cancelled_feed_leaves_the_text_its_depth_and_its_logits_as_they_were()
    {
        using var session = new Session(Model, new ExitRule(4, 0.5), 16);
        using var undisturbed = new Session(Model, new ExitRule(4, 0.5), 16);
        session.Feed(Text);
        undisturbed.Feed(Text);

        Should.Throw<OperationCanceledException>(() => session.Feed([1, 2, 3], new CancellationToken(canceled: true)));
        Should.Throw<ArgumentOutOfRangeException>(() => session.Feed([4, Model.Config.Vocabulary]));
        Should.Throw<ArgumentOutOfRangeException>(() => session.Feed([-1]));

        session.Tokens.ToArray().ShouldBe(Text);
        session.Depth.ShouldBe(undisturbed.Depth);
        session.Logits.ToArray().ShouldBe(undisturbed.Logits.ToArray());
        session.Feed([7]);
        undisturbed.Feed([7]);
        session.Logits.ToArray().ShouldBe(undisturbed.Logits.ToArray());
    }

    [Fact]
    public void A_cancelled_change_of_text_keeps_the_common_beginning_and_can_be_taken_up_again()
    {
        int[] other = [.. Text[..5], 99, 98];
        using var session = new Session(Model, new ExitRule(4), 16);
        using var fresh = new Session(Model, new ExitRule(4), 16);
        session.Feed(Text);
        fresh.Feed(other);

        Should.Throw<OperationCanceledException>(() => session.Become(other, new CancellationToken(canceled: true)));

        session.Tokens.ToArray().ShouldBe(Text[..5]);
        Should.Throw<InvalidOperationException>(() => session.Logits.Length);
        session.Become(other);
        session.Logits.ToArray().ShouldBe(fresh.Logits.ToArray());
    }

    [Fact]
    public void A_session_that_was_given_back_takes_no_memory_again()
    {
        var session = new Session(Model, new ExitRule(4), 16);
        session.Feed(Text);

        session.Dispose();

        session.KvBytes.ShouldBe(0);
        Should.Throw<ObjectDisposedException>(() => session.Feed([1]));
    }

    [Theory]
    [InlineData(KvPolicy.Exact, 4)]
    [InlineData(KvPolicy.LastExited, 4)]
    [InlineData(KvPolicy.LastLoop, 1)]
    public void The_last_loop_alone_takes_a_quarter_of_the_memory(KvPolicy policy, int loops)
    {
        using var session = new Session(Model, new SequenceOptions(new ExitRule(4), 150) { Policy = policy });
        session.Feed(new int[70]);
        _ = session.Write(new Sampler(SamplingOptions.Greedy, Model.Config.Vocabulary), limit: 30).Count();

        using var measure = Model.NewSequence(4);
        session.KvBytes.ShouldBe(2 * KvPage.Positions * loops * measure.Shape.BytesPerPositionAndLoop);
    }

    [Theory]
    [InlineData(KvPolicy.Exact)]
    [InlineData(KvPolicy.LastExited)]
    [InlineData(KvPolicy.LastLoop)]
    [InlineData(KvPolicy.FirstLoop)]
    [InlineData(KvPolicy.Average)]
    public void A_conversation_says_what_a_new_text_of_the_same_tokens_says(KvPolicy policy)
    {
        var options = new SequenceOptions(new ExitRule(4, 0.5), 200) { Policy = policy };
        var greedy = new Sampler(SamplingOptions.Greedy, Model.Config.Vocabulary);
        using var session = new Session(Model, options);
        session.Feed(Text);
        foreach (var turn in new[] { 3, 1, 7 })
        {
            // Cut short by the reader, gone on with, and continued by a question.
            _ = session.Write(greedy).Take(turn).ToArray();
            _ = session.Write(greedy, limit: 2).ToArray();
            var before = session.Tokens.ToArray();
            session.Feed([40, 41, turn]);
            using var fresh = new Session(Model, options);
            fresh.Feed([.. before, 40, 41, turn]);

            session.Logits.ToArray().ShouldBe(fresh.Logits.ToArray());
            session.Depth.ShouldBe(fresh.Depth);
        }
    }

    [Fact]
    public void Becoming_what_it_is_feeds_the_last_token_alone()
    {
        using var session = new Session(Model, new ExitRule(4), 16);
        session.Feed(Text);
        var (rows, logits) = (session.RowsRun, session.Logits.ToArray());

        session.Become(Text);

        (session.RowsRun - rows).ShouldBe(4);
        session.Logits.ToArray().ShouldBe(logits);
    }

    [Theory]
    [InlineData("tiny-bf16", ActivationType.F32, ElementType.F16)]
    [InlineData("gguf/ouro-Q4_K_M.gguf", ActivationType.Int8, ElementType.Q8_0)]
    [InlineData("gguf/ouro-Q3_K_L.gguf", ActivationType.Int8, ElementType.F32)]
    public void A_step_of_decoding_allocates_nothing(string path, ActivationType activations, ElementType kvType)
    {
        using var open = new OpenModel(Workshop.Golden(path), activations);
        using var session = new Session(open.Model, new ExitRule(4, 0.5), 256, kvType);
        var sampler = new Sampler(new SamplingOptions(), open.Model.Config.Vocabulary);
        session.Feed(new int[KvPage.Positions + 1]);    // a new page takes memory once in 64 tokens
        Span<int> next = [0];
        long allocated = 0;
        for (var step = 0; step < 40; step++)
        {
            if (step == 10)
                allocated = GC.GetAllocatedBytesForCurrentThread();
            next[0] = sampler.Choose(session.Logits, next, session.Tokens.Length);
            session.Feed(next);
        }

        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBe(0);
    }
}
