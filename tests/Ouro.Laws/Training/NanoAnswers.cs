using System.Text.RegularExpressions;

namespace Ouro.Laws.Training;

/// <summary>Answers nano's questions from their text alone, in ways that share nothing with how they were made.</summary>
static partial class NanoAnswers
{
    const string DoNotKnow = "I do not know.";

    static readonly string[] MoreWords = ["taller", "tallest", "older", "oldest", "faster", "fastest"];

    static readonly string[] LessWords = ["shorter", "shortest", "younger", "youngest", "slower", "slowest"];

    public static string Find(string kind, string question) => kind switch
    {
        "sum" or "modular" => $"{Expression(question)}",
        "kinship" => Kinship(question),
        "order" => Order(question),
        "gifts" => Gifts(question),
        "sort" => Sorted(question),
        "reverse" => Reversed(question),
        "count" => Counted(question),
        "facts" or "unknown" => Told(question),
        _ => Talk(question),
    };

    static int Expression(string question)
    {
        var prime = Modulus().Match(question) is { Success: true } match ? int.Parse(match.Groups[1].Value, null) : 0;   // none
        var text = Modulus().Replace(question, "").Replace("  ", " ", StringComparison.Ordinal);
        var tokens = new Queue<string>(Symbol().Matches(text).Select(symbol => symbol.Value));
        var value = Chain();
        tokens.ShouldBeEmpty(question);
        return prime == 0 ? value : ((value % prime) + prime) % prime;

        int Chain()
        {
            var sum = Operand();
            while (tokens.TryPeek(out var symbol) && symbol is "+" or "-" or "*")
            {
                tokens.Dequeue();
                var other = Operand();
                sum = symbol switch { "+" => sum + other, "-" => sum - other, _ => sum * other };
            }

            return sum;
        }

        int Operand()
        {
            if (tokens.Dequeue() is not "(" and var number)
                return int.Parse(number, null);
            var inner = Chain();
            tokens.Dequeue().ShouldBe(")");
            return inner;
        }
    }

    static string Kinship(string question)
    {
        var parent = new Dictionary<string, string>();
        foreach (Match match in IsParent().Matches(question))
            parent.Add(match.Groups[2].Value, match.Groups[1].Value);
        foreach (Match match in ParentIs().Matches(question))
            parent.Add(match.Groups[1].Value, match.Groups[2].Value);

        var asked = question[(question.LastIndexOf(". ", StringComparison.Ordinal) + 2)..];
        var name = Name().Matches(asked).Last(match => match.Value is not ("Who" or "Name")).Value;
        var steps = asked.Contains("grand", StringComparison.Ordinal)
            ? 2 + Great().Count(asked)
            : Role().Count(asked);
        for (var step = 0; step < steps; step++)
            name = asked.Contains("child", StringComparison.Ordinal) ? parent.Single(pair => pair.Value == name).Key : parent[name];

        return name;
    }

    static string Order(string question)
    {
        var facts = Comparison().Matches(question)
            .Select(match => MoreWords.Contains(match.Groups[2].Value) ? (match.Groups[1].Value, match.Groups[3].Value) : (match.Groups[3].Value, match.Groups[1].Value))
            .ToDictionary();   // from each person to the one below
        var ranked = new List<string> { facts.Keys.Except(facts.Values).Single() };
        while (facts.TryGetValue(ranked[^1], out var next))
            ranked.Add(next);

        var asked = question[(question.LastIndexOf(". ", StringComparison.Ordinal) + 2)..];
        if (LessWords.Any(word => Regex.IsMatch(asked, $@"\b{word}\b")))
            ranked.Reverse();
        if (asked.Contains("second", StringComparison.Ordinal))
            return ranked[1];

        var named = Name().Matches(asked).Select(match => match.Value).Where(ranked.Contains).ToList();
        return ranked.First(name => named.Count < 2 || named.Contains(name));
    }

    static string Gifts(string question)
    {
        var next = Gift().Matches(question).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var name = Owner().Match(question) is var owner && owner.Groups[1].Success ? owner.Groups[1].Value : owner.Groups[2].Value;
        for (var gifts = int.Parse(GiftCount().Match(question).Groups[1].Value, null); gifts > 0; gifts--)
            name = next[name];

        return name;
    }

    static string Sorted(string question)
    {
        var items = List(question).ToList();
        items.Sort((a, b) => a[0] - b[0]);
        if (question.Contains("from last to first", StringComparison.Ordinal))
            items.Reverse();
        return string.Join(Digits().IsMatch(question) ? "" : " ", items);
    }

    static string[] List(string question) => Digits().Match(question) is { Success: true } digits
        ? [.. digits.Value.Select(digit => $"{digit}")]
        : Letters().Match(question).Value.Split(' ');

    static string Reversed(string question)
    {
        var list = Between(question, ["Reverse ", "What is the reverse of ", "What is ", "Write "], [" backwards?", " backwards.", "?", "."]);
        return list.Contains(' ', StringComparison.Ordinal) ? string.Join(' ', list.Split(' ').Reverse()) : string.Concat(list.Reverse());
    }

    static string Counted(string question)
    {
        var match = CountIn().Match(question);
        return $"{match.Groups[2].Value.Split(' ').Count(item => item == match.Groups[1].Value)}";
    }

    static string Told(string question)
    {
        var end = question.LastIndexOf(". ", StringComparison.Ordinal);
        if (end < 0)
            return DoNotKnow;

        var (told, asked) = (question[..(end + 1)], question[(end + 2)..]);
        var match = Subject().Match(asked);
        var subject = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value;
        var found = asked.Contains("like", StringComparison.Ordinal) ? Regex.Match(told, $@"{subject} likes (\w+)\.")
            : asked.Contains("olour", StringComparison.Ordinal) ? Regex.Match(told, $@"The {subject} is (?!in )(\w+)\.")
            : Regex.Match(told, $@"The {subject} is (in the \w+)\.");
        return found.Success ? found.Groups[1].Value : DoNotKnow;
    }

    static string Talk(string question)
    {
        var name = Introduced().Match(question).Groups[1].Value;
        return question switch
        {
            _ when question.EndsWith("my name?", StringComparison.Ordinal) || question.EndsWith("Who am I?", StringComparison.Ordinal) => name,
            _ when question.EndsWith("your name?", StringComparison.Ordinal) => "ouro-nano",
            _ when question.EndsWith("a person?", StringComparison.Ordinal) => "No. I am ouro-nano, a small looped model.",
            _ when question.EndsWith("are you?", StringComparison.Ordinal) && question.Contains("How", StringComparison.Ordinal) => "I am well.",
            _ when question.EndsWith("are you?", StringComparison.Ordinal) || question.EndsWith("you are.", StringComparison.Ordinal) => "I am ouro-nano, a small looped model.",
            _ when question.EndsWith("Thank you.", StringComparison.Ordinal) => "You are welcome.",
            _ when question.EndsWith("Goodbye.", StringComparison.Ordinal) => "Goodbye.",
            _ when question.EndsWith("can you do?", StringComparison.Ordinal) => "I can answer small questions.",
            _ => name.Length > 0 ? $"Hello {name}." : "Hello.",
        };
    }

    static string Between(string text, string[] starts, string[] ends)
    {
        text = text[starts.First(start => text.StartsWith(start, StringComparison.Ordinal)).Length..];
        return text[..^ends.First(end => text.EndsWith(end, StringComparison.Ordinal)).Length];
    }

    [GeneratedRegex(@"[Mm]odulo (\d+)")]
    private static partial Regex Modulus();

    [GeneratedRegex(@"\d+|[-+*()]")]
    private static partial Regex Symbol();

    [GeneratedRegex(@"(\w+) is the (?:mother|father) of (\w+)\.")]
    private static partial Regex IsParent();

    [GeneratedRegex(@"(\w+)'s (?:mother|father) is (\w+)\.")]
    private static partial Regex ParentIs();

    [GeneratedRegex(@"\b[A-Z][a-z]+")]
    private static partial Regex Name();

    [GeneratedRegex("great-")]
    private static partial Regex Great();

    [GeneratedRegex("mother|father|child")]
    private static partial Regex Role();

    [GeneratedRegex(@"(\w+) is (\w+) than (\w+)\.")]
    private static partial Regex Comparison();

    [GeneratedRegex(@"(\w+) gives to (\w+)\.")]
    private static partial Regex Gift();

    [GeneratedRegex(@"(\w+)'s (?:ball|book|ring)|(\w+) has a (?:ball|book|ring)")]
    private static partial Regex Owner();

    [GeneratedRegex(@"(\d+) gift")]
    private static partial Regex GiftCount();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\b[a-z](?: [a-z]\b)+")]
    private static partial Regex Letters();

    [GeneratedRegex(@"(?:is|Count) (\w+) in ([\w ]+)[?.]$")]
    private static partial Regex CountIn();

    [GeneratedRegex(@"the (?!colour)(\w+)[?.]$|([A-Z][a-z]+) likes?\b")]
    private static partial Regex Subject();

    [GeneratedRegex(@"(?:am|name is) ([A-Z]\w+)\.")]
    private static partial Regex Introduced();
}
