using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>The learning rate at named steps.</summary>
public sealed class LearningRateLaws
{
    [Theory]
    [InlineData(Schedule.Constant, 0, 0.25)]
    [InlineData(Schedule.Constant, 3, 1)]
    [InlineData(Schedule.Constant, 99, 1)]
    [InlineData(Schedule.Cosine, 0, 0.25)]
    [InlineData(Schedule.Cosine, 3, 1)]
    [InlineData(Schedule.Cosine, 51, 0.55)]
    [InlineData(Schedule.Cosine, 99, 0.1)]
    [InlineData(Schedule.WarmupStableDecay, 1, 0.5)]
    [InlineData(Schedule.WarmupStableDecay, 79, 1)]
    [InlineData(Schedule.WarmupStableDecay, 80, 0.955)]
    [InlineData(Schedule.WarmupStableDecay, 89, 0.55)]
    [InlineData(Schedule.WarmupStableDecay, 99, 0.1)]
    public void A_step_of_a_hundred_has_its_rate(Schedule schedule, int step, double expected)
    {
        var rate = new LearningRate { Peak = 1, Final = 0.1, WarmupSteps = 4, Schedule = schedule, DecayShare = 0.2 };

        rate.At(step, 100).ShouldBe(expected, 1e-12);
    }

    [Theory]
    [InlineData(Schedule.Constant)]
    [InlineData(Schedule.Cosine)]
    [InlineData(Schedule.WarmupStableDecay)]
    public void The_rate_rises_to_the_peak_and_then_only_falls(Schedule schedule)
    {
        foreach (var (warmup, steps, decay) in new[] { (0, 1, 0.0), (0, 7, 1.0), (5, 5, 0.5), (9, 5, 0.5), (2, 50, 0.9), (1, 3, 0.0) })
        {
            var rate = new LearningRate { Peak = 3e-4, Final = 3e-5, WarmupSteps = warmup, Schedule = schedule, DecayShare = decay };
            var rates = Enumerable.Range(0, steps).Select(step => rate.At(step, steps)).ToArray();

            rates.ShouldAllBe(value => value > 0 && value <= 3e-4);
            var rising = rates.Take(Math.Min(warmup, steps)).ToArray();
            rising.ShouldBe(rising.Order());
            rates.Skip(rising.Length).ShouldBe(rates.Skip(rising.Length).OrderDescending());
        }
    }

    [Fact]
    public void Numbers_that_cannot_be_are_refused_at_birth()
    {
        Should.Throw<RecipeException>(() => new LearningRate { Peak = 0 }).Message.ShouldContain("'peak' is 0");
        Should.Throw<RecipeException>(() => new LearningRate { Peak = double.NaN }).Message.ShouldContain("'peak'");
        Should.Throw<RecipeException>(() => new LearningRate { Peak = 1, DecayShare = 1.5 }).Message.ShouldContain("from 0 to 1");
        Should.Throw<ArgumentOutOfRangeException>(() => new LearningRate { Peak = 1 }.At(5, 5));
    }
}
