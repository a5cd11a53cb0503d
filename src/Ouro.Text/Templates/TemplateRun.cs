using System.Runtime.CompilerServices;

namespace Ouro.Text.Templates;

/// <summary>One rendering: what it has taken so far, and where in the source it is.</summary>
sealed class TemplateRun(TemplateSource source, TemplateLimits limits, DateTimeOffset now, CancellationToken cancel)
{
    const int CharactersPerStep = 16;
    const int ComparedPerStep = 4096;
    const int StepsBetweenLooks = 1024;

    long _steps;
    long _nextLook = StepsBetweenLooks;
    int _macros;
    int _place;

    /// <summary>What the template sees as the present.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Notes that the part of the template at <paramref name="place"/> is evaluated.</summary>
    public void Step(int place)
    {
        _place = place;
        Charge(1);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Limit("expressions, blocks or macros are nested too deep.");
    }

    /// <summary>Says where the rendering is again, after parts of the part at <paramref name="place"/> were evaluated.</summary>
    public void Return(int place) => _place = place;

    /// <summary>Counts work; looks now and then whether anybody still waits for it.</summary>
    public void Charge(long steps)
    {
        _steps += steps;
        if (_steps > limits.Steps)
            throw Limit($"rendering takes more than {limits.Steps:N0} steps.");
        if (_steps < _nextLook)
            return;

        cancel.ThrowIfCancellationRequested();
        _nextLook = _steps + StepsBetweenLooks;
    }

    /// <summary>Counts the making of a text.</summary>
    public void ChargeText(long characters) => ChargeText(characters, characters);

    /// <summary>Counts the growing of a text.</summary>
    /// <param name="length">How long it is, or will be, with what is added.</param>
    public void ChargeText(long length, long added)
    {
        if (length > limits.Characters)
            throw Limit($"a text grows beyond {limits.Characters:N0} characters.");
        Charge(added / CharactersPerStep);
    }

    /// <summary>Counts comparing or searching texts: the longer times the shorter in the worst case, which is what hostile texts are.</summary>
    public void ChargeComparison(long longer, long shorter = 1) => Charge(longer * long.Max(shorter, 1) / ComparedPerStep);

    /// <summary>Runs the body of a macro, if not too many are under way.</summary>
    public TemplateValue InMacro(Func<TemplateValue> body)
    {
        if (_macros == TemplateLimits.DeepestMacro)
            throw Limit($"more than {TemplateLimits.DeepestMacro} macros call each other.");

        _macros++;
        var result = body();
        _macros--;
        return result;
    }

    /// <summary>An operation that its values do not allow.</summary>
    public TemplateException Fault(string problem) => source.Fault(TemplateFault.Evaluation, _place, problem);

    /// <summary>More than a rendering may take.</summary>
    public TemplateException Limit(string problem) => source.Fault(TemplateFault.Limit, _place, problem);

    /// <summary>The template's own refusal.</summary>
    public TemplateException Refusal(string message) => source.Fault(TemplateFault.Refusal, _place, message);
}
