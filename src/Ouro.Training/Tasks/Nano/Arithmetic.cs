using System.Globalization;
using System.Text;
using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>Numbers: chains of sums, and trees of sums and products modulo a small prime.</summary>
/// <remarks>
/// Facts of one operation are so few that holding some back would ask for facts that nobody was taught; so the essence of a question of level 1 is the
/// question itself, wording included, and held out are ways to ask. From level 2 on, what is asked is held out in every wording.
/// </remarks>
static class Arithmetic
{
    /// <summary>Level: operations. No partial result is below 0.</summary>
    public static Posed Sum(Draws draws, int level)
    {
        var most = level == 1 ? 9 : 20;
        var value = draws.Between(0, most);
        var text = new StringBuilder().Append(value);
        for (var step = 0; step < level; step++)
        {
            var other = draws.Between(0, most);
            var subtracts = other <= value && draws.OneIn(2);
            value += subtracts ? -other : other;
            text.Append(CultureInfo.InvariantCulture, $" {(subtracts ? '-' : '+')} {other}");
        }

        var question = draws.Pick([$"What is {text}?", $"How much is {text}?", $"Compute {text}.", $"{text} = ?"]);
        return new Posed(level == 1 ? question : $"sum {text}", question, $"{value}", $"{text} = {value}.");
    }

    /// <summary>Level: operators of the tree.</summary>
    public static Posed Modular(Draws draws, int level)
    {
        var prime = draws.Pick([5, 7]);
        var text = new StringBuilder();
        var value = AppendTree(draws, level, prime, text, isWhole: true);
        var question = draws.Pick(
        [
            $"In numbers modulo {prime}, what is {text}?", $"Modulo {prime}, what is {text}?",
            $"What is {text} modulo {prime}?", $"Compute {text} modulo {prime}.",
        ]);
        return new Posed(level == 1 ? question : $"modular {prime}: {text}", question, $"{value}", $"Modulo {prime}, {text} = {value}.");
    }

    static int AppendTree(Draws draws, int operators, int prime, StringBuilder text, bool isWhole)
    {
        if (operators == 0)
        {
            var number = draws.Below(prime);
            text.Append(number);
            return number;
        }

        var before = draws.Below(operators);
        if (!isWhole)
            text.Append('(');
        var left = AppendTree(draws, before, prime, text, isWhole: false);
        var symbol = draws.Pick(['+', '-', '*']);
        text.Append(' ').Append(symbol).Append(' ');
        var right = AppendTree(draws, operators - 1 - before, prime, text, isWhole: false);
        if (!isWhole)
            text.Append(')');

        return symbol switch
        {
            '+' => (left + right) % prime,
            '-' => (left - right + prime) % prime,
            _ => left * right % prime,
        };
    }
}
