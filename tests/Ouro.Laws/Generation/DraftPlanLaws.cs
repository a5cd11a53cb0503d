using Ouro.Generation;

namespace Ouro.Laws.Generation;

/// <summary>How far ahead to guess follows from what passes cost and how often guesses held.</summary>
public sealed class DraftPlanLaws
{
    const int Loops = 4;

    [Theory]
    [InlineData(0.10, 1, 0.9, 1)]      // rows cost little and guesses hold
    [InlineData(0.10, 1, 0.0, 0)]      // guesses never hold
    [InlineData(1.00, 1, 0.9, 0)]      // a row costs as much as a pass
    [InlineData(0.10, 2, 1.0, 2)]      // only guesses after loop 2 hold
    public void The_plan_is_the_one_that_takes_least_time(double slope, int firstGood, double agreement, int expected)
    {
        var plan = new DraftPlan(Loops, wanted: -1, Costs(slope), new PassCosts());

        for (var token = 0; token < 400; token++)
        {
            // Agreement is what every loop from the first good one on says; earlier ones are always wrong.
            var holds = token % 10 < agreement * 10;
            var guesses = Enumerable.Range(1, Loops).Select(loop => loop == Loops || (loop >= firstGood && holds) ? 7 : 8).ToArray();
            plan.Learn(guesses, exitLoop: Loops, next: 7);
            plan.Choose(fillsLate: true, texts: 1);
        }

        plan.DraftLoops.ShouldBe(expected);
    }

    [Fact]
    public void Many_texts_leave_less_room_for_guesses()
    {
        // Up to eight rows a pass costs the same; beyond that each row costs as much as a pass did.
        var costs = new PassCosts();
        for (var rows = 1; rows <= PassCosts.MostRows; rows++)
            costs.Add(rows, Math.Max(1, rows - 7));
        var (alone, crowded) = (new DraftPlan(Loops, -1, costs, new PassCosts()), new DraftPlan(Loops, -1, costs, new PassCosts()));

        for (var token = 0; token < 100; token++)
        {
            alone.Learn([7, 7, 7, 7], Loops, 7);
            crowded.Learn(token % 4 == 0 ? [8, 8, 8, 7] : [7, 7, 7, 7], Loops, 7);
            alone.Choose(fillsLate: true, texts: 1);
            crowded.Choose(fillsLate: true, texts: 10);
        }

        alone.DraftLoops.ShouldBe(1);
        crowded.DraftLoops.ShouldBe(0);
    }

    [Fact]
    public void Where_reading_out_costs_as_much_as_a_pass_guesses_must_hold_more_often()
    {
        var reads = new PassCosts();
        reads.Add(1, 1);
        var (cheap, dear) = (new DraftPlan(Loops, -1, Costs(0.1), new PassCosts()), new DraftPlan(Loops, -1, Costs(0.1), reads));

        for (var token = 0; token < 200; token++)
        {
            int[] guesses = token % 2 == 0 ? [8, 8, 8, 7] : [7, 7, 7, 7];
            cheap.Learn(guesses, Loops, 7);
            dear.Learn(guesses, Loops, 7);
            cheap.Choose(fillsLate: true, texts: 1);
            dear.Choose(fillsLate: true, texts: 1);
        }

        cheap.DraftLoops.ShouldBe(1);
        dear.DraftLoops.ShouldBe(0);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(9, 3)]
    public void What_was_asked_for_stays(int wanted, int used)
    {
        var plan = new DraftPlan(Loops, wanted, Costs(5), new PassCosts());

        plan.Learn([8, 8, 8, 7], Loops, 7);
        plan.Choose(fillsLate: true, texts: 1);

        plan.DraftLoops.ShouldBe(used);
    }

    [Fact]
    public void Costs_between_measured_ones_are_in_proportion_and_a_slow_pass_counts_little()
    {
        var costs = new PassCosts();
        costs.Add(1, 10);
        costs.Add(5, 18);

        costs.Of(3).ShouldBe(14);
        costs.Of(8).ShouldBeGreaterThan(18);
        costs.Add(1, 1000);
        costs.Of(1).ShouldBeLessThan(60);
        for (var i = 0; i < 20; i++)
            costs.Add(1, 10);
        costs.Of(1).ShouldBe(10, 0.01);
    }

    static PassCosts Costs(double slope)
    {
        var costs = new PassCosts();
        for (var rows = 1; rows <= 16; rows++)
            costs.Add(rows, 1 + slope * (rows - 1));
        return costs;
    }
}
