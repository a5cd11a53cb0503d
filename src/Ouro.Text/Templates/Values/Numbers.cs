using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Arithmetic as Python does it: truth values count as 0 and 1, <c>//</c> and <c>%</c> round down, <c>/</c> is never whole.</summary>
static class Numbers
{
    const int LargestExponent = 127;

    public static bool IsNumber(TemplateValue value) => value is FlagValue or IntegerValue or FloatValue;

    /// <summary>Negative, zero or positive; null if one is not a number in the sense of IEEE.</summary>
    public static int? Compare(TemplateValue left, TemplateValue right)
    {
        if (AsInteger(left) is { } a && AsInteger(right) is { } b)
            return a.CompareTo(b);

        var (x, y) = (AsFloat(left), AsFloat(right));
        return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
    }

    public static Int128? AsInteger(TemplateValue value) => value switch
    {
        IntegerValue integer => integer.Value,
        FlagValue flag => flag.Value ? 1 : 0,
        _ => null,
    };

    /// <param name="value">A number.</param>
    public static double AsFloat(TemplateValue value) => value is FloatValue number ? number.Value : (double)AsInteger(value)!.Value;

    /// <summary>One of <c>+ - * / // % **</c> on two numbers.</summary>
    public static TemplateValue Calculate(TemplateRun run, string sign, TemplateValue left, TemplateValue right)
    {
        var isData = left.IsData || right.IsData;
        if (AsInteger(left) is { } a && AsInteger(right) is { } b && sign != "/" && !(sign == "**" && b < 0))
            return new IntegerValue(Whole(run, sign, a, b), isData);

        var (x, y) = (AsFloat(left), AsFloat(right));
        if (y == 0 && sign is ("/" or "//" or "%"))
            throw run.Fault("a number is divided by zero.");
        if (sign == "**" && (x == 0 && y < 0 || x < 0 && !double.IsInteger(y)))
            throw run.Fault($"{PythonText.Number(x)} to the power {PythonText.Number(y)} is not a number.");

        return new FloatValue(
            sign switch
            {
                "+" => x + y,
                "-" => x - y,
                "*" => x * y,
                "/" => x / y,
                "//" => double.Floor(x / y),
                "%" => x - y * double.Floor(x / y),
                _ => double.Pow(x, y),
            },
            isData);
    }

    public static TemplateValue Negate(TemplateRun run, TemplateValue value) => value switch
    {
        FloatValue number => new FloatValue(-number.Value, number.IsData),
        _ when AsInteger(value) is { } integer && integer != Int128.MinValue => new IntegerValue(-integer, value.IsData),
        _ => throw run.Fault($"{value.Kind} has no negative."),
    };

    /// <summary>What a filter's or a function's argument counts, within the range of arrays: larger counts select or make nothing more.</summary>
    public static int Clamped(Int128 value) => (int)Int128.Clamp(value, -int.MaxValue, int.MaxValue);

    static Int128 Whole(TemplateRun run, string sign, Int128 a, Int128 b)
    {
        if (b == 0 && sign is ("//" or "%"))
            throw run.Fault("a number is divided by zero.");

        try
        {
            return checked(sign switch
            {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "//" => Floored(a, b),
                "%" => a - b * Floored(a, b),
                _ => Power(a, b),
            });
        }
        catch (OverflowException)
        {
            throw run.Fault($"the result of {Quoting.Quote(sign)} has more than 127 bits.");
        }
    }

    static Int128 Floored(Int128 a, Int128 b)
    {
        var quotient = checked(a / b);
        return a % b != 0 && a < 0 != b < 0 ? quotient - 1 : quotient;
    }

    static Int128 Power(Int128 number, Int128 exponent)
    {
        if (number == 0 || number == 1)
            return exponent == 0 ? 1 : number;
        if (number == -1)
            return exponent % 2 == 0 ? 1 : -1;
        if (exponent > LargestExponent)
            throw new OverflowException();

        Int128 power = 1;
        for (Int128 i = 0; i < exponent; i++)
            power = checked(power * number);
        return power;
    }
}
