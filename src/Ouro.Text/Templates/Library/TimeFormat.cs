using System.Globalization;
using System.Text;

namespace Ouro.Text.Templates;

/// <summary>Dates as <c>strftime</c> writes them, in English.</summary>
static class TimeFormat
{
    /// <summary>The time in the form asked for, or null if the form has a directive that is not known. <c>%-d</c> and its like have no leading zero.</summary>
    public static string? Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                text.Append(format[at]);
                continue;
            }

            var isBare = at + 1 < format.Length && format[at + 1] == '-';
            at += isBare ? 2 : 1;
            if (at >= format.Length || Directive(time, format[at]) is not { } written)
                return null;

            text.Append(isBare && written.Length > 1 ? written.TrimStart('0').PadLeft(1, '0') : written);
        }

        return text.ToString();
    }

    static string? Directive(DateTimeOffset time, char directive) => directive switch
    {
        '%' => "%",
        'a' => Of(time, "ddd"),
        'A' => Of(time, "dddd"),
        'b' => Of(time, "MMM"),
        'B' => Of(time, "MMMM"),
        'd' => Of(time, "dd"),
        'H' => Of(time, "HH"),
        'I' => Of(time, "hh"),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'm' => Of(time, "MM"),
        'M' => Of(time, "mm"),
        'p' => Of(time, "tt"),
        'S' => Of(time, "ss"),
        'y' => Of(time, "yy"),
        'Y' => Of(time, "yyyy"),
        _ => null,
    };

    static string Of(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
