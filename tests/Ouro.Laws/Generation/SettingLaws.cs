using System.Reflection;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Laws.Generation;

public sealed class SettingLaws
{
    static readonly Setting[] All = [.. typeof(Setting)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<Setting>()];

    [Fact]
    public void Every_default_is_allowed_and_every_name_means_one_thing()
    {
        All.ShouldNotBeEmpty();
        All.ShouldAllBe(setting => setting.Problem(setting.Default) == null);
        All.SelectMany(setting => setting.Aliases.Append(setting.Name)).ShouldBeUnique();
    }

    [Fact]
    public void What_is_not_allowed_is_said_with_name_value_and_range()
    {
        foreach (var setting in All)
        {
            setting.Problem(setting.Low).ShouldBeNull();
            setting.Problem(setting.High).ShouldBeNull();
            foreach (var wrong in new[] { setting.Low - 1, setting.High + 1, double.NaN, double.PositiveInfinity })
                setting.Problem(wrong).ShouldNotBeNull().ShouldStartWith($"{setting.Name} is ");
        }

        Setting.TopK.Problem(2.5).ShouldBe("top_k is 2.5, but it must be a whole number from 0 to 16777216.");
    }

    [Fact]
    public void Sampling_options_begin_with_the_defaults_and_refuse_what_settings_refuse()
    {
        var options = new SamplingOptions();

        options.Temperature.ShouldBe(Setting.Temperature.Default);
        options.TopK.ShouldBe((int)Setting.TopK.Default);
        options.TopP.ShouldBe(Setting.TopP.Default);
        options.MinP.ShouldBe(Setting.MinP.Default);
        options.RepeatPenalty.ShouldBe(Setting.RepeatPenalty.Default);
        options.RepeatLastN.ShouldBe((int)Setting.RepeatLastN.Default);
        Should.Throw<ArgumentOutOfRangeException>(() => new SamplingOptions { Temperature = -0.1 }).ParamName.ShouldBe("temperature");
        Should.Throw<ArgumentOutOfRangeException>(() => new SamplingOptions { TopK = -1 }).ParamName.ShouldBe("top_k");
        Should.Throw<ArgumentOutOfRangeException>(() => new SamplingOptions { TopP = 0 }).ParamName.ShouldBe("top_p");
        Should.Throw<ArgumentOutOfRangeException>(() => options with { MinP = double.NaN }).ParamName.ShouldBe("min_p");
    }

    [Fact]
    public void Every_depth_and_threshold_that_a_file_may_have_makes_a_rule()
    {
        var config = new OuroConfig
        {
            Layers = 1,
            Width = 64,
            Heads = 2,
            KvHeads = 1,
            HeadSize = 32,
            FeedForwardWidth = 128,
            Vocabulary = 300,
            Loops = (int)Setting.NumIterations.High,
            ExitThreshold = MathF.BitIncrement(1e-6f),
        };

        config.FirstImpossibility().ShouldBeNull();
        new ExitRule(config.Loops, config.ExitThreshold).Threshold.ShouldBe(config.ExitThreshold);
        (config with { Loops = config.Loops + 1 }).FirstImpossibility().ShouldNotBeNull().ShouldContain("loops");
        (config with { ExitThreshold = 1e-6f }).FirstImpossibility().ShouldNotBeNull().ShouldContain("exit threshold");
        (config with { ExitThreshold = float.NaN }).FirstImpossibility().ShouldNotBeNull().ShouldContain("exit threshold");
    }
}
