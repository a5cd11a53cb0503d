using Ouro.Generation;
using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Laws.Generation;

/// <summary>Many texts in shared passes.</summary>
public sealed class SchedulerLaws
{
    [Theory]
    [InlineData("tiny-bf16", ActivationType.F32, 1, 0)]
    [InlineData("tiny-bf16", ActivationType.F32, 2, 200_000)]
    [InlineData("tiny-bf16", ActivationType.F32, 3, 2_000_000)]
    [InlineData("gguf/ouro-Q4_K_M.gguf", ActivationType.Int8, 4, 0)]
    [InlineData("gguf/ouro-Q5_K_M.gguf", ActivationType.Int8, 5, 6_000_000)]
    public void A_reply_does_not_depend_on_who_came_before_or_comes_and_goes_beside_it(string path, ActivationType activations, int seed, long prefixBytes)
    {
        using var open = new OpenModel(Workshop.Golden(path), activations, threads: 2);
        var random = new Random(seed);
        using var scheduler = new Scheduler(open.Model, new SchedulerOptions
        {
            MostRows = random.Next(3, 40),
            MostPromptRowsBesideReplies = random.Next(1, 20),
            KvBytes = 12_000_000,   // room for some of them; the others wait
            PrefixBytes = prefixBytes,
        });
        var guests = new List<Guest>();
        var finished = 0;
        while (finished < 60)
        {
            if (guests.Count < 8 && random.Next(3) == 0)
                guests.Add(new Guest(scheduler, RandomReply.Draw(random, open.Model, [2, 4, 4, 5])));
            scheduler.Step();
            foreach (var guest in guests.ToArray())
            {
                guest.Take();
                var leaves = random.Next(40) == 0;
                if (guest.Sequence.IsWriting && !leaves)
                    continue;

                // Whoever leaves early has the beginning of the reply; whoever stays, all of it.
                var expected = guest.Reply.Plainly(open.Model).Select(step => step.Token).ToArray();
                guest.Written.ToArray().ShouldBe(guest.Sequence.IsWriting ? expected[..guest.Written.Count] : expected, guest.Reply.ToString());
                guest.Sequence.Dispose();
                guests.Remove(guest);
                finished++;
            }
        }
    }

    [Fact]
    public void A_reply_goes_on_beside_a_long_prompt()
    {
        using var open = new OpenModel(Workshop.Golden("tiny-bf16"));
        using var scheduler = new Scheduler(open.Model, new SchedulerOptions { MostRows = 16, MostPromptRowsBesideReplies = 8 });
        var greedy = new Sampler(SamplingOptions.Greedy, open.Model.Config.Vocabulary);
        var reader = scheduler.Open(new SequenceOptions(new ExitRule(4), 300) { DraftLoops = 0 });
        reader.Feed([1, 2, 3]);
        reader.Write(greedy);
        for (var pass = 0; pass < 4; pass++)
            scheduler.Step();
        var newcomer = scheduler.Open(new SequenceOptions(new ExitRule(4), 300));
        newcomer.Feed(new int[200]);
        newcomer.Write(greedy, limit: 1);

        var (written, passes) = (0, 0);
        while (newcomer.IsWriting)
        {
            scheduler.Step();
            passes++;
            while (reader.TryTake(out _))
                written++;
        }

        // 200 tokens in chunks of 8, four loops each; the reader gets a row in every pass, so a token every four.
        passes.ShouldBe(100);
        written.ShouldBeInRange(24, 26);
    }

    [Fact]
    public void Two_prompts_share_the_passes_and_the_short_one_need_not_wait_for_the_long_one()
    {
        using var open = new OpenModel(Workshop.Golden("tiny-bf16"));
        using var scheduler = new Scheduler(open.Model, new SchedulerOptions { MostRows = 16 });
        var (slow, quick) = (scheduler.Open(new SequenceOptions(new ExitRule(4), 300)), scheduler.Open(new SequenceOptions(new ExitRule(4), 300)));
        slow.Feed(new int[256]);
        quick.Feed([1, 2]);

        var passes = 0;
        for (; !quick.IsRead; passes++)
            scheduler.Step();

        passes.ShouldBeLessThan(16);
        slow.IsRead.ShouldBeFalse();
    }

    [Fact]
    public void What_is_never_going_to_fit_is_refused_and_what_does_not_fit_now_waits_its_turn()
    {
        using var open = new OpenModel(Workshop.Golden("tiny-bf16"));
        var options = new SequenceOptions(new ExitRule(4), 128);
        using var measure = new Scheduler(open.Model);
        var bytes = measure.Open(options).MostKvBytes;
        using var scheduler = new Scheduler(open.Model, new SchedulerOptions { KvBytes = 2 * bytes });
        var greedy = new Sampler(SamplingOptions.Greedy, open.Model.Config.Vocabulary);

        Should.Throw<InsufficientMemoryException>(() => scheduler.Open(options with { ContextTokens = 1000 })).Message.ShouldContain("1,000 tokens of context need");
        var texts = Enumerable.Range(0, 4).Select(_ => scheduler.Open(options)).ToArray();
        foreach (var text in texts)
        {
            text.Feed([1, 2, 3]);
            text.Write(greedy, limit: 2);
        }

        texts.Select(text => text.IsWaiting).ShouldBe([false, false, true, true]);
        scheduler.ReservedBytes.ShouldBe(2 * bytes);
        while (scheduler.Step())
        {
        }

        texts.Select(text => text.IsWriting).ShouldBe([false, false, true, true]);
        texts[1].Dispose();
        texts.Select(text => text.IsWaiting).ShouldBe([false, false, false, true]);
        scheduler.Step().ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(100)]
    [InlineData(129)]
    public void A_text_with_the_same_beginning_need_not_compute_it_again(int alike)
    {
        using var open = new OpenModel(Workshop.Golden("tiny-bf16"));
        using var scheduler = new Scheduler(open.Model, new SchedulerOptions { PrefixBytes = 1 << 26 });
        var options = new SequenceOptions(new ExitRule(4), 300);
        int[] text = [.. Enumerable.Range(0, alike).Select(i => i % 300)];
        using (var first = scheduler.Open(options))
        {
            first.Become(text);
            while (scheduler.Step())
            {
            }
        }

        var second = scheduler.Open(options);
        var found = second.Become(text);
        var rows = scheduler.Rows;
        while (scheduler.Step())
        {
        }

        found.ShouldBe(alike - 1);   // what follows the last token is asked for, so that one is run
        (scheduler.Rows - rows).ShouldBe(4 * (alike - found));
        var greedy = new Sampler(SamplingOptions.Greedy, open.Model.Config.Vocabulary);
        second.Write(greedy, limit: 20);
        while (scheduler.Step())
        {
        }

        var reply = new List<GeneratedToken>();
        while (second.TryTake(out var token))
            reply.Add(token);
        using var alone = new Session(open.Model, options);
        alone.Feed(text);
        reply.ToArray().ShouldBe(alone.Write(greedy, limit: 20).ToArray());
    }

    [Fact]
    public void A_text_that_is_left_at_many_places_is_kept_once()
    {
        using var open = new OpenModel(Workshop.Golden("tiny-bf16"));
        using var scheduler = new Scheduler(open.Model, new SchedulerOptions { PrefixBytes = 1 << 26 });
        int[] text = [.. Enumerable.Range(0, 100).Select(i => i % 300)];
        long Kept(int length)
        {
            using (var sequence = scheduler.Open(new SequenceOptions(new ExitRule(4), 300)))
            {
                sequence.Become(text.AsSpan(0, length));
                while (scheduler.Step())
                {
                }
            }

            return scheduler.Prefixes.Bytes;
        }

        var one = Kept(20);
        var two = Kept(100);
        foreach (var length in new[] { 50, 3, 64, 99, 70, 20, 100 })
            Kept(length).ShouldBe(two);
        two.ShouldBe(2 * one);   // as many pages as the longest takes
    }

    [Fact]
    public void A_step_that_was_cancelled_has_changed_nothing()
    {
        using var open = new OpenModel(Workshop.Golden("tiny-bf16"));
        using var scheduler = new Scheduler(open.Model);
        var sequence = scheduler.Open(new SequenceOptions(new ExitRule(4), 40));
        sequence.Feed([1, 2, 3]);

        Should.Throw<OperationCanceledException>(() => scheduler.Step(new CancellationToken(canceled: true)));

        scheduler.Passes.ShouldBe(0);
        scheduler.Step().ShouldBeTrue();
    }

    [Fact]
    public void Writing_allocates_nothing()
    {
        using var open = new OpenModel(Workshop.Golden("gguf/ouro-Q4_K_M.gguf"), ActivationType.Int8);
        using var scheduler = new Scheduler(open.Model);
        var sampler = new Sampler(new SamplingOptions { Temperature = 4 }, open.Model.Config.Vocabulary);
        foreach (var policy in new[] { KvPolicy.Exact, KvPolicy.LastExited, KvPolicy.LastLoop })
        {
            var sequence = scheduler.Open(new SequenceOptions(new ExitRule(4, 0.5), 64 + 128) { Policy = policy, DraftLoops = policy == KvPolicy.LastLoop ? 0 : 1 });
            sequence.Feed(new int[KvPage.Positions + 1]);   // a new page takes memory once in 64 tokens
            sequence.Write(sampler);
        }

        long allocated = 0;
        for (var step = 0; step < 60; step++)
        {
            if (step == 30)
                allocated = GC.GetAllocatedBytesForCurrentThread();
            scheduler.Step().ShouldBeTrue();
            foreach (var sequence in scheduler.Sequences)
                sequence.TryTake(out _);
        }

        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(5000);
    }

    sealed class Guest
    {
        public Guest(Scheduler scheduler, RandomReply reply)
        {
            (Reply, Sequence) = (reply, scheduler.Open(reply.Options));
            Sequence.Become(reply.Prompt);
            Sequence.Write(reply.NewChooser(scheduler.Model), reply.Limit, reply.Stops);
        }

        public RandomReply Reply { get; }

        public Sequence Sequence { get; }

        public List<GeneratedToken> Written { get; } = [];

        public void Take()
        {
            while (Sequence.TryTake(out var token))
                Written.Add(token);
        }
    }
}
