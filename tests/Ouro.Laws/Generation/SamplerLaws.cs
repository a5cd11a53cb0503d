using Ouro.Generation;
using Ouro.Laws.Tensors;

namespace Ouro.Laws.Generation;

public sealed class SamplerLaws
{
    /// <summary>Every token as likely as the softmax says: nothing filtered, nothing penalised.</summary>
    static readonly SamplingOptions Plain = new() { Temperature = 1, TopK = 0, TopP = 1, RepeatPenalty = 1, Seed = 20 };

    /// <summary>Logits of tokens with the chances 0.5, 0.3, 0.15 and 0.05, not in that order.</summary>
    static readonly float[] Known = [.. new[] { 0.15, 0.5, 0.05, 0.3 }.Select(chance => (float)Math.Log(chance))];

    [Theory]
    [InlineData(1)]
    [InlineData(0.7)]
    [InlineData(2.5)]
    public void Draws_are_as_frequent_as_the_softmax_says(double temperature)
    {
        const int Tokens = 12, Draws = 40_000;
        const double Limit = 50;    // chi-square with 11 degrees of freedom is above this once in a million
        var logits = Samples.Gaussian(Tokens, seed: 3);
        var sampler = new Sampler(Plain with { Temperature = temperature }, Tokens);

        var counts = new int[Tokens];
        for (var position = 0; position < Draws; position++)
            counts[sampler.Choose(logits, [], position)]++;

        var weights = logits.Select(logit => Math.Exp(logit / temperature)).ToArray();
        var expected = weights.Select(weight => Draws * weight / weights.Sum()).ToArray();
        expected.Min().ShouldBeGreaterThan(50, "chi-square needs some of each");
        counts.Zip(expected, (found, mean) => Math.Pow(found - mean, 2) / mean).Sum().ShouldBeLessThan(Limit);
    }

    [Fact]
    public void Neighbouring_positions_seeds_and_replies_draw_independently()
    {
        const int Draws = 40_000;
        const double Limit = 40;    // chi-square with 9 degrees of freedom is above this once in 100,000
        float[] even = [0, 0];
        Sampler[] samplers = [new(Plain, 2), new(Plain with { Seed = Plain.Seed + 1 }, 2), new(Plain, 2, choice: 1)];

        foreach (var other in samplers)
        {
            var counts = new int[4];
            for (var position = 0; position < Draws; position++)
                counts[2 * samplers[0].Choose(even, [], 2 * position) + other.Choose(even, [], 2 * position + 1)]++;

            counts.Sum(count => Math.Pow(count - Draws / 4.0, 2) / (Draws / 4.0)).ShouldBeLessThan(Limit);
        }
    }

    [Fact]
    public void A_draw_belongs_to_seed_reply_and_position_and_to_nothing_that_happened_before()
    {
        var logits = Samples.Gaussian(300, seed: 4);
        var used = new Sampler(Plain, 300);
        var inOrder = Enumerable.Range(0, 100).Select(position => used.Choose(logits, [], position)).ToArray();

        inOrder.ShouldBe(Enumerable.Range(0, 100).Select(position => new Sampler(Plain, 300).Choose(logits, [], position)));
        inOrder.ShouldNotBe(Enumerable.Range(0, 100).Select(position => new Sampler(Plain, 300, choice: 1).Choose(logits, [], position)));
        inOrder.ShouldNotBe(Enumerable.Range(0, 100).Select(position => new Sampler(Plain with { Seed = 21 }, 300).Choose(logits, [], position)));
    }

    [Fact]
    public void Temperature_zero_and_top_k_one_are_greedy_whatever_the_seed()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var logits = Samples.Gaussian(100, seed);
            var best = Array.IndexOf(logits, logits.Max());

            new Sampler(Plain with { Temperature = 0, Seed = seed }, 100).Choose(logits, [], seed).ShouldBe(best);
            new Sampler(Plain with { TopK = 1, Seed = seed }, 100).Choose(logits, [], seed).ShouldBe(best);
            new Sampler(SamplingOptions.Greedy with { Seed = seed }, 100).Choose(logits, [1, 2, 3], seed).ShouldBe(best);
        }
    }

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(2, new[] { 1, 3 })]
    [InlineData(3, new[] { 0, 1, 3 })]
    [InlineData(0, new[] { 0, 1, 2, 3 })]
    [InlineData(99, new[] { 0, 1, 2, 3 })]
    public void Top_k_keeps_the_k_likeliest(int topK, int[] kept) => Drawn(Known, Plain with { TopK = topK }).ShouldBe(kept);

    [Theory]
    [InlineData(0.01, new[] { 1 })]
    [InlineData(0.49, new[] { 1 })]
    [InlineData(0.51, new[] { 1, 3 })]
    [InlineData(0.79, new[] { 1, 3 })]
    [InlineData(0.81, new[] { 0, 1, 3 })]
    [InlineData(0.96, new[] { 0, 1, 2, 3 })]
    public void Top_p_keeps_the_fewest_that_together_have_the_probability(double topP, int[] kept)
        => Drawn(Known, Plain with { TopP = topP }).ShouldBe(kept);

    [Theory]
    [InlineData(0.05, new[] { 0, 1, 2, 3 })]
    [InlineData(0.2, new[] { 0, 1, 3 })]
    [InlineData(0.5, new[] { 1, 3 })]
    [InlineData(1.0, new[] { 1 })]
    public void Min_p_leaves_out_what_is_less_than_its_share_of_the_likeliest(double minP, int[] kept)
        => Drawn(Known, Plain with { MinP = minP }).ShouldBe(kept);

    [Fact]
    public void Filters_look_at_the_chances_after_the_temperature()
    {
        Drawn(Known, Plain with { TopP = 0.51, Temperature = 0.25 }).ShouldBe([1]);
        Drawn(Known, Plain with { MinP = 0.2, Temperature = 4 }).ShouldBe([0, 1, 2, 3]);
    }

    [Fact]
    public void Of_equal_logits_every_filter_keeps_those_of_lower_number()
    {
        var equal = new float[100];
        for (var i = 0; i < equal.Length; i += 3)
            equal[i] = -0f;     // the same number in other bits

        Drawn(equal, Plain with { TopK = 5 }).ShouldBe(Enumerable.Range(0, 5));
        Drawn(equal, Plain with { TopP = 0.095 }).ShouldBe(Enumerable.Range(0, 10));
        Sampler.Best(equal).ShouldBe(0);
    }

    [Fact]
    public void Top_k_is_a_selection_from_a_sorted_list_for_any_logits()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            // Few distinct numbers of both signs, so that there are many ties.
            var logits = Samples.Gaussian(200, seed).Select(logit => MathF.Round(2 * logit)).ToArray();
            var topK = 1 + seed * 5;
            var expected = Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).ThenBy(token => token).Take(topK);

            // At a high temperature every token that is left is drawn sooner or later.
            Drawn(logits, Plain with { TopK = topK, Temperature = 10 }, draws: 8000).ShouldBe(expected.Order());
        }
    }

    [Fact]
    public void A_token_is_penalised_once_however_often_it_was_said()
    {
        var sampler = new Sampler(Plain with { Temperature = 0, RepeatPenalty = 1.1, RepeatLastN = 3 }, 2);

        sampler.Choose([2, 1.9f], [0, 0, 0], 3).ShouldBe(1);
        sampler.Choose([2, 1.75f], [0, 0, 0], 3).ShouldBe(0, "2 / 1.1 is 1.82, and only 2 / 1.1 / 1.1 is less than 1.75");
        sampler.Choose([-1, -1.05f], [0], 1).ShouldBe(1, "a negative logit is multiplied");
        sampler.Choose([2, 1.9f], [0, 1, 1, 1], 4).ShouldBe(0, "token 0 was said too long ago");
        new Sampler(Plain with { Temperature = 0, RepeatPenalty = 1.1, RepeatLastN = 0 }, 2).Choose([2, 1.9f], [0], 1).ShouldBe(0);
    }

    [Fact]
    public void Choosing_changes_no_logit()
    {
        var logits = Samples.Gaussian(50, seed: 6);
        var before = logits.ToArray();

        new Sampler(new SamplingOptions { RepeatPenalty = 1.5 }, 50).Choose(logits, [1, 2, 3], 3);

        logits.ShouldBe(before);
    }

    [Fact]
    public void What_is_no_number_is_never_chosen_and_nothing_but_that_is_refused()
    {
        float[] some = [float.NaN, 1, float.NaN, 0.5f];
        float[] none = [float.NaN, float.NaN];

        Drawn(some, Plain).ShouldBe([1, 3]);
        new Sampler(SamplingOptions.Greedy, 4).Choose(some, [], 0).ShouldBe(1);
        Should.Throw<InvalidDataException>(() => new Sampler(Plain, 2).Choose(none, [], 0));
        Should.Throw<InvalidDataException>(() => new Sampler(SamplingOptions.Greedy, 2).Choose(none, [], 0));
    }

    static IEnumerable<int> Drawn(float[] logits, SamplingOptions options, int draws = 3000)
    {
        var sampler = new Sampler(options, logits.Length);
        return Enumerable.Range(0, draws).Select(position => sampler.Choose(logits, [], position)).Distinct().Order();
    }
}
