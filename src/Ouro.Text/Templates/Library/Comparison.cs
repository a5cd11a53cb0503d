namespace Ouro.Text.Templates;

/// <summary>One of the comparisons that expressions and tests share.</summary>
sealed class Comparison
{
    readonly Func<TemplateRun, TemplateValue, TemplateValue, bool> _holds;

    Comparison(Func<TemplateRun, TemplateValue, TemplateValue, bool> holds) => _holds = holds;

    public static Comparison Equal { get; } = new((run, left, right) => Comparing.AreEqual(run, left, right));

    public static Comparison NotEqual { get; } = new((run, left, right) => !Comparing.AreEqual(run, left, right));

    public static Comparison Less { get; } = new((run, left, right) => Comparing.Order(run, left, right) < 0);

    public static Comparison LessOrEqual { get; } = new((run, left, right) => Comparing.Order(run, left, right) <= 0);

    public static Comparison Greater { get; } = new((run, left, right) => Comparing.Order(run, left, right) > 0);

    public static Comparison GreaterOrEqual { get; } = new((run, left, right) => Comparing.Order(run, left, right) >= 0);

    public static Comparison In { get; } = new((run, left, right) => Comparing.Contains(run, right, left));

    public static Comparison NotIn { get; } = new((run, left, right) => !Comparing.Contains(run, right, left));

    public bool Holds(TemplateRun run, TemplateValue left, TemplateValue right) => _holds(run, left, right);
}
