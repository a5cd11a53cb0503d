using Ouro.Training.Data;

namespace Ouro.Training.Tasks;

/// <summary>Arithmetic modulo a prime in prefix form, without any step written down: the model must compute a tree in its head.</summary>
/// <remarks>
/// An example is <c>begin, length, expression, equals, answer</c>, and only the answer is asked for. An expression of l operators has l operands
/// more, so 2 l + 1 tokens. l is uniform; of an operator's l - 1 inner ones, a uniform number is in its left operand. Ids:
/// 0 to P - 1 are the numbers, then +, -, *, begin, equals, and one for each length from 1. Source: arXiv:2510.25741, appendix B; the splits
/// and the shape of trees are our choice.
/// </remarks>
public sealed class Mano : IExampleSource
{
    const string Operators = "+-*";

    readonly ulong _seed;
    readonly Split _split;

    /// <param name="prime">P: numbers are taken modulo this; at least 2.</param>
    /// <param name="mostOperators">L, at least 1.</param>
    public Mano(ulong seed, Split split, int prime = 23, int mostOperators = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(prime, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostOperators, 1);
        (_seed, _split, Prime, MostOperators) = (seed, split, prime, mostOperators);
    }

    /// <summary>P.</summary>
    public int Prime { get; }

    /// <summary>L.</summary>
    public int MostOperators { get; }

    /// <summary>Fewest operators of an expression, 1 to L; L gives the test of the paper.</summary>
    public int LeastOperators
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MostOperators);
            field = value;
        }
    } = 1;

    /// <summary>The id of "+"; "-" and "*" follow.</summary>
    public int FirstOperator => Prime;

    /// <summary>The id that opens an example.</summary>
    public int Begin => Prime + Operators.Length;

    /// <summary>The id before the answer.</summary>
    public int EqualsMark => Begin + 1;

    /// <summary>The id that announces an expression of one operator; longer ones follow.</summary>
    public int FirstLength => Begin + 2;

    /// <summary>Ids in all.</summary>
    public int VocabularySize => FirstLength + MostOperators;

    /// <inheritdoc/>
    public Example this[long number]
    {
        get
        {
            var expression = Expression(number);
            int[] ids = [Begin, FirstLength + ((expression.Length - 1) / 2) - 1, .. expression, EqualsMark, Value(expression)];
            return new Example(ids, FirstTarget: ids.Length - 1);
        }
    }

    /// <summary>The same question in words, such as <c>Modulo 23, what is * 3 + 4 5?</c>.</summary>
    public TaskItem InWords(long number)
    {
        var expression = Expression(number);
        var text = string.Join(' ', expression.Select(id => id < Prime ? $"{id}" : $"{Operators[id - Prime]}"));
        return new TaskItem("mano", (expression.Length - 1) / 2, $"Modulo {Prime}, what is {text}?", $"{Value(expression)}");
    }

    /// <summary>What an expression of ids comes to, 0 to P - 1.</summary>
    public int Value(ReadOnlySpan<int> expression)
    {
        // Read from the back, both operands of an operator are on the stack when it comes.
        var stack = new Stack<int>();
        for (var i = expression.Length - 1; i >= 0; i--)
            stack.Push(expression[i] < Prime ? expression[i] : Apply(Operators[expression[i] - Prime], stack.Pop(), stack.Pop()));

        return stack.Pop();
    }

    int Apply(char symbol, int left, int right) => symbol switch
    {
        '+' => (left + right) % Prime,
        '-' => (left - right + Prime) % Prime,
        _ => (int)((long)left * right % Prime),
    };

    int[] Expression(long number)
    {
        // The length is drawn once, so that both splits have lengths in equal shares.
        var length = new Draws(_seed, number).Between(LeastOperators, MostOperators);
        return SplitOf.DrawUntil(
            _split,
            attempt =>
            {
                var ids = new List<int>((2 * length) + 1);
                Append(new Draws(_seed, number, attempt), length, ids);
                return ids.ToArray();
            },
            ids => SplitOf.Question(ids));
    }

    void Append(Draws draws, int operators, List<int> ids)
    {
        if (operators == 0)
        {
            ids.Add(draws.Below(Prime));
            return;
        }

        ids.Add(Prime + draws.Below(Operators.Length));
        var left = draws.Below(operators);
        Append(draws, left, ids);
        Append(draws, operators - 1 - left, ids);
    }
}
