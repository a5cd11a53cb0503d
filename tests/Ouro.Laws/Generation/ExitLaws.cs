using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Laws.Generation;

public sealed class ExitLaws
{
    /// <summary>A dozen roundings in double precision.</summary>
    const double Rounding = 1e-14;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(32)]
    public void Exit_chances_are_a_distribution_whatever_the_gate_says(int loops)
    {
        var random = new Random(loops);
        for (var text = 0; text < 200; text++)
        {
            var chances = Run([.. Enumerable.Range(0, loops).Select(_ => 20 * random.NextDouble() - 10)]);

            chances.ShouldAllBe(chance => chance.Exit >= 0 && chance.Exit <= 1);
            chances.Sum(chance => chance.Exit).ShouldBe(1, Rounding);
            chances[^1].Cumulative.ShouldBe(1);
            chances[^1].Remaining.ShouldBe(0);
        }
    }

    [Fact]
    public void A_chance_to_exit_is_the_chance_to_come_so_far_times_the_chance_to_stop()
    {
        var chances = Run([Math.Log(1 / 3.0), 0, Math.Log(3), 0]);     // stop chances 1/4, 1/2, 3/4, unused

        chances.Select(chance => chance.Stop).Take(3).ShouldBe([0.25, 0.5, 0.75], Rounding);
        chances.Select(chance => chance.Exit).ShouldBe([8 / 32.0, 12 / 32.0, 9 / 32.0, 3 / 32.0], Rounding);
        chances.Select(chance => chance.Cumulative).ShouldBe([8 / 32.0, 20 / 32.0, 29 / 32.0, 1], Rounding);
    }

    [Fact]
    public void Fewer_loops_change_only_the_last_of_them_which_takes_the_rest()
    {
        double[] logits = [-1, 0.3, -0.2, 2];

        var (all, three) = (Run(logits), Run(logits[..3]));

        three[..2].ShouldBe(all[..2]);
        three[2].Exit.ShouldBe(all[2].Exit + all[3].Exit, Rounding);
    }

    [Theory]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(-1e9, 0)]
    [InlineData(1e9, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    public void A_gate_may_be_as_certain_as_numbers_allow(double logit, double stop)
    {
        var chances = Run([logit, logit, 0]);

        chances[0].Exit.ShouldBe(stop);
        chances.Sum(chance => chance.Exit).ShouldBe(1);
    }

    [Fact]
    public void A_token_is_read_at_the_first_loop_that_reaches_the_threshold_and_reaching_is_enough()
    {
        var rule = new ExitRule(4, threshold: 0.625);

        ExitLoop(rule, [0.25, 0.625, 0.9, 1]).ShouldBe(2);
        ExitLoop(rule, [0.25, 0.6249999, 0.9, 1]).ShouldBe(3);
        ExitLoop(rule, [0.1, 0.2, 0.3, 1]).ShouldBe(4);
        ExitLoop(rule, [0.7, 0.8, 0.9, 1]).ShouldBe(1);
    }

    [Fact]
    public void At_threshold_one_no_comparison_is_made_since_rounding_can_reach_one()
    {
        var rule = new ExitRule(4);

        rule.IsFixedDepth.ShouldBeTrue();
        ExitLoop(rule, [1, 1, 1, 1]).ShouldBe(4);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(9, 4)]
    public void The_exit_is_the_first_crossing_or_the_fewest_loops_whichever_is_later(int minLoops, int expected)
    {
        ExitLoop(new ExitRule(4, 0.5, minLoops), [0.6, 0.7, 0.8, 1]).ShouldBe(expected);
        ExitLoop(new ExitRule(4, 0.5, minLoops), [0.1, 0.2, 0.8, 1]).ShouldBe(Math.Max(expected, 3));
    }

    [Fact]
    public void A_gate_that_says_no_number_ends_nothing()
        => ExitLoop(new ExitRule(4, 0.1), [double.NaN, double.NaN, double.NaN, 1]).ShouldBe(4);

    [Theory]
    [InlineData(0, 0.5, 1, "loops")]
    [InlineData(-1, 0.5, 1, "loops")]
    [InlineData(5000, 0.5, 1, "num_iterations")]
    [InlineData(4, 0, 1, "exit_threshold")]
    [InlineData(4, 1.0001, 1, "exit_threshold")]
    [InlineData(4, double.NaN, 1, "exit_threshold")]
    [InlineData(4, 0.5, 0, "min_loops")]
    public void A_rule_that_exists_is_usable(int loops, double threshold, int minLoops, string at)
        => Should.Throw<ArgumentOutOfRangeException>(() => new ExitRule(loops, threshold, minLoops)).ParamName.ShouldBe(at);

    static ExitChances[] Run(double[] logits)
    {
        var all = new ExitChances[logits.Length];
        var chances = new ExitChances();
        for (var loop = 0; loop < logits.Length; loop++)
        {
            chances.Add(logits[loop], isLast: loop + 1 == logits.Length);
            all[loop] = chances;
        }

        return all;
    }

    static int ExitLoop(ExitRule rule, double[] cumulative)
        => 1 + Enumerable.Range(0, cumulative.Length).First(loop => rule.Reads(new LoopOutcome(0, loop + 1, cumulative[loop])));
}
