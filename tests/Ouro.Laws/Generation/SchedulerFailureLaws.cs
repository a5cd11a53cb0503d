using Ouro.Formats;
using Ouro.Generation;
using Ouro.Laws.Conversion;
using Ouro.Model;

namespace Ouro.Laws.Generation;

/// <summary>Odd orders of calls, and texts that go wrong beside others.</summary>
public sealed class SchedulerFailureLaws : IDisposable
{
    static readonly SequenceOptions Options = new(new ExitRule(4), 60);

    readonly OpenModel _open = new(Workshop.Golden("tiny-bf16"));
    readonly Scheduler _scheduler;
    readonly Sampler _greedy;

    public SchedulerFailureLaws()
    {
        _scheduler = new Scheduler(_open.Model, new SchedulerOptions { PrefixBytes = 1 << 26 });
        _greedy = new Sampler(SamplingOptions.Greedy, _open.Model.Config.Vocabulary);
    }

    public void Dispose()
    {
        _scheduler.Dispose();
        _open.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_text_may_be_fed_more_while_it_is_computed(int steps)
    {
        var sequence = _scheduler.Open(Options);
        sequence.Feed([1, 2, 3]);
        for (var step = 0; step < steps; step++)
            _scheduler.Step();
        sequence.Feed([4, 5]);

        sequence.Write(_greedy, limit: 10);

        Reply(sequence).ShouldBe(Alone([1, 2, 3, 4, 5], Options, 10));
        sequence.Tokens[..5].ToArray().ShouldBe([1, 2, 3, 4, 5]);
    }

    [Theory]
    [InlineData(KvPolicy.LastLoop)]
    [InlineData(KvPolicy.FirstLoop)]
    [InlineData(KvPolicy.Average)]
    [InlineData(KvPolicy.LastExited)]
    public void What_one_policy_does_to_its_pages_is_not_seen_by_texts_that_share_them(KvPolicy policy)
    {
        var options = new SequenceOptions(new ExitRule(4, 0.5), 200);
        int[] text = [.. Enumerable.Range(0, 130)];
        foreach (var next in new[] { policy, KvPolicy.Exact, policy, KvPolicy.LastExited })
        {
            using var sequence = _scheduler.Open(options with { Policy = next });
            sequence.Become(text);
            sequence.Write(_greedy, limit: 20);
            Reply(sequence).ShouldBe(Alone(text, options with { Policy = next }, 20), $"{next}");
        }
    }

    [Theory]
    [InlineData(KvPolicy.Exact)]
    [InlineData(KvPolicy.LastExited)]
    [InlineData(KvPolicy.LastLoop)]
    public void A_text_that_fills_its_context_says_its_last_token_as_often_as_it_is_asked(KvPolicy policy)
    {
        var sequence = _scheduler.Open(new SequenceOptions(new ExitRule(4), 9) { Policy = policy });
        sequence.Feed([1, 2, 3]);
        sequence.Write(_greedy);
        var first = Reply(sequence);

        sequence.Write(_greedy);

        Reply(sequence).ShouldHaveSingleItem().Id.ShouldBe(first[^1].Id);
        sequence.Tokens.Length.ShouldBe(9);
    }

    [Fact]
    public void A_chooser_that_fails_ends_its_own_text_and_no_other()
    {
        var good = _scheduler.Open(Options);
        good.Feed([1, 2, 3]);
        good.Write(_greedy, limit: 20);
        var bad = new (ITokenChooser Chooser, string Says)[]
        {
            (new Failing(() => throw new InvalidDataException("no token may follow")), "no token may follow"),
            (new Failing(() => -1), "token -1"),
            (new Failing(() => 1 << 20), "token 1048576"),
        };
        var texts = bad.Select(_ => _scheduler.Open(Options)).ToArray();
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i].Feed([5, 6]);
            texts[i].Write(bad[i].Chooser);
        }

        Reply(good).ShouldBe(Alone([1, 2, 3], Options, 20));
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i].IsWriting.ShouldBeFalse();
            texts[i].Failure.ShouldNotBeNull().Message.ShouldContain(bad[i].Says);
            texts[i].Tokens.ToArray().ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData(KvPolicy.Exact)]
    [InlineData(KvPolicy.LastExited)]
    [InlineData(KvPolicy.LastLoop)]
    public void A_text_that_failed_or_was_stopped_can_begin_again(KvPolicy policy)
    {
        var options = Options with { Policy = policy, Rule = new ExitRule(4, 0.5) };
        var sequence = _scheduler.Open(options);
        sequence.Feed([1, 2, 3]);
        sequence.Write(new Failing(() => throw new InvalidDataException("no")));
        Reply(sequence).ShouldBeEmpty();
        sequence.Failure.ShouldNotBeNull();

        sequence.Become([1, 2, 3]);
        sequence.Failure.ShouldBeNull();
        for (var steps = 1; steps < 12; steps++)
        {
            sequence.Write(_greedy);
            for (var step = 0; step < steps; step++)
                _scheduler.Step();
            sequence.Stop();
            sequence.Tokens.ToArray().ShouldBe([1, 2, 3]);
        }

        sequence.Write(_greedy, limit: 15);
        Reply(sequence).ShouldBe(Alone([1, 2, 3], options, 15));
    }

    [Fact]
    public void A_chooser_may_find_nothing_to_say_behind_a_wrong_guess()
    {
        var options = Options with { DraftLoops = 1 };
        var reply = Alone([1, 2, 3], options, 20).Select(token => token.Id).ToArray();
        var sequence = _scheduler.Open(options);
        sequence.Feed([1, 2, 3]);

        sequence.Write(new Strict(_greedy, [1, 2, 3, .. reply]), limit: 20);

        Reply(sequence).Select(token => token.Id).ShouldBe(reply);
        sequence.Failure.ShouldBeNull();
    }

    [Fact]
    public void A_rule_that_fails_ends_its_own_text_and_no_other()
    {
        var good = _scheduler.Open(Options);
        good.Feed([1, 2, 3]);
        good.Write(_greedy, limit: 10);
        var bad = _scheduler.Open(Options with { Rule = new FailingRule(4) });
        bad.Feed([7, 8]);
        bad.Write(_greedy);

        Reply(good).ShouldBe(Alone([1, 2, 3], Options, 10));
        bad.Failure.ShouldBeOfType<NotSupportedException>();
    }

    [Fact]
    public void Closed_and_waiting_texts_have_no_work()
    {
        var closed = _scheduler.Open(Options);
        closed.Feed([1, 2, 3]);
        closed.Write(_greedy);
        closed.Dispose();
        closed.Dispose();
        using var small = new Scheduler(_open.Model, new SchedulerOptions { KvBytes = closed.MostKvBytes });
        using var first = small.Open(Options);
        using var waiting = small.Open(Options);
        waiting.Feed([1]);

        closed.HasWork.ShouldBeFalse();
        closed.IsWriting.ShouldBeFalse();
        waiting.HasWork.ShouldBeFalse();
        _scheduler.Step().ShouldBeFalse();
        small.Step().ShouldBeFalse();
    }

    [Fact]
    public void Options_that_cannot_be_are_refused_however_they_come_about()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Options with { ContextTokens = 0 });
        Should.Throw<ArgumentOutOfRangeException>(() => Options with { KvType = ElementType.BF16 });
        using var small = new Scheduler(_open.Model, new SchedulerOptions { KvBytes = 1 << 20 });
        Should.Throw<InsufficientMemoryException>(() => small.Open(Options with { ContextTokens = int.MaxValue }));
    }

    [Fact]
    public void Guesses_do_not_crowd_out_prompts()
    {
        using var scheduler = new Scheduler(_open.Model, new SchedulerOptions { MostRows = 4 });
        for (var i = 0; i < 4; i++)
        {
            var writer = scheduler.Open(new SequenceOptions(new ExitRule(4), 4000) { DraftLoops = 1 });
            writer.Feed([1, 2, i]);
            writer.Write(_greedy);
        }

        for (var step = 0; step < 40; step++)
            scheduler.Step();
        var newcomer = scheduler.Open(Options);
        newcomer.Feed([9, 9, 9]);
        for (var step = 0; step < 30 && !newcomer.IsRead; step++)
            scheduler.Step();

        newcomer.IsRead.ShouldBeTrue();
    }

    GeneratedToken[] Reply(Sequence sequence)
    {
        while (_scheduler.Step())
        {
        }

        var reply = new List<GeneratedToken>();
        while (sequence.TryTake(out var token))
            reply.Add(token);
        return [.. reply];
    }

    GeneratedToken[] Alone(int[] prompt, SequenceOptions options, int limit)
    {
        using var plain = new PlainDecoding(_open.Model, options);
        return [.. plain.Write(prompt, _greedy, limit, new HashSet<int>(), options.ContextTokens).Select(step => step.Token)];
    }

    sealed class Failing(Func<int> choice) : ITokenChooser
    {
        public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false) => choice();
    }

    /// <summary>Knows how to go on from one text only, as a grammar may.</summary>
    sealed class Strict(ITokenChooser inner, int[] text) : ITokenChooser
    {
        public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
            => history.SequenceEqual(text.AsSpan(0, history.Length)) ? inner.Choose(logits, history, position, isGuess) : throw new InvalidDataException("no token may follow this");
    }

    sealed record FailingRule(int Most) : ExitRule(Most)
    {
        public override bool Reads(in LoopOutcome outcome) => outcome.LoopsRun < 3 ? false : throw new NotSupportedException("no rule");
    }
}
