namespace Ouro.Text.Templates;

/// <summary>Which values are equal, which comes first, and what contains what, as in Python.</summary>
static class Comparing
{
    public static bool AreEqual(TemplateRun run, TemplateValue left, TemplateValue right, int depth = 0)
    {
        run.Charge(1);
        if (ReferenceEquals(left, right))
            return true;
        if (depth > TemplateLimits.DeepestNesting)
            throw run.Limit($"a value is nested deeper than {TemplateLimits.DeepestNesting} levels.");

        switch (left, right)
        {
            case (TextValue a, TextValue b):
                run.ChargeComparison(int.Min(a.Text.Length, b.Text.Length));
                return a.Text == b.Text;
            case (ListValue a, ListValue b):
                return a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count
                    && a.Items.Zip(b.Items).All(pair => AreEqual(run, pair.First, pair.Second, depth + 1));
            case (DictionaryValue a, DictionaryValue b):
                return a.Members.Count == b.Members.Count
                    && a.Members.All(member => b.Find(member.Key) is { } other && AreEqual(run, member.Value, other, depth + 1));
            case (UndefinedValue, UndefinedValue):
                return true;
            default:
                return Numbers.IsNumber(left) && Numbers.IsNumber(right) && Numbers.Compare(left, right) == 0;
        }
    }

    /// <summary>Negative if the left comes first, zero if neither does, positive if the right does, null if a number among them is not one.</summary>
    public static int? Order(TemplateRun run, TemplateValue left, TemplateValue right, int depth = 0)
    {
        run.Charge(1);
        switch (left, right)
        {
            case (TextValue a, TextValue b):
                run.ChargeComparison(int.Min(a.Text.Length, b.Text.Length));
                return string.CompareOrdinal(a.Text, b.Text);
            case (ListValue a, ListValue b) when a.IsTuple == b.IsTuple && depth < TemplateLimits.DeepestNesting:
                foreach (var (first, second) in a.Items.Zip(b.Items))
                    if (!AreEqual(run, first, second))
                        return Order(run, first, second, depth + 1);
                return a.Items.Count.CompareTo(b.Items.Count);
            default:
                return Numbers.IsNumber(left) && Numbers.IsNumber(right)
                    ? Numbers.Compare(left, right)
                    : throw run.Fault($"{left.Kind} and {right.Kind} have no order.");
        }
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(TemplateRun run, TemplateValue container, TemplateValue item)
    {
        switch (container)
        {
            case TextValue text:
                if (item is not TextValue part)
                    throw run.Fault($"{item.Kind} cannot be in a text; only a text can.");
                run.ChargeComparison(text.Text.Length, part.Text.Length);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case ListValue list:
                return list.Items.Any(candidate => AreEqual(run, candidate, item));
            case DictionaryValue dictionary:
                return dictionary.Find(Key(run, item)) is not null;
            case UndefinedValue:
                return false;
            default:
                throw run.Fault($"nothing can be in {container.Kind}; expected a text, a list or a dictionary.");
        }
    }

    /// <summary>The value, if it can be a key of a dictionary.</summary>
    public static TemplateValue Key(TemplateRun run, TemplateValue value)
    {
        if (value is TextValue text)
            run.ChargeComparison(text.Text.Length);
        return DictionaryValue.CanBeKey(value) || value is UndefinedValue ? value : throw run.Fault($"{value.Kind} cannot be a key of a dictionary.");
    }

    /// <summary>In order of their keys; equals keep their places.</summary>
    public static IReadOnlyList<T> Sorted<T>(TemplateRun run, IReadOnlyList<T> items, Func<T, TemplateValue> key, bool descending)
    {
        var order = Comparer<TemplateValue>.Create((left, right) => Order(run, left, right) ?? 0);
        try
        {
            return descending ? [.. items.OrderByDescending(key, order)] : [.. items.OrderBy(key, order)];
        }
        catch (InvalidOperationException failed) when (failed.InnerException is TemplateException or OperationCanceledException)
        {
            throw failed.InnerException;
        }
    }

    /// <summary>A text in lower case, for comparing without regard to case; anything else as it is.</summary>
    public static TemplateValue IgnoreCase(TemplateRun run, TemplateValue value)
    {
        if (value is not TextValue text)
            return value;

        run.ChargeText(text.Text.Length);
        return text.WithText(text.Text.ToLowerInvariant());
    }
}
