using Ouro.Tensors.Gradients;

namespace Ouro.Training.Data;

/// <summary>R tokens, of one or many documents, with the token that should follow each.</summary>
public sealed class TokenBatch
{
    /// <summary>Stands where a target would: this row is not asked for anything.</summary>
    public const int NoTarget = -1;

    TokenBatch(int[] inputs, int[] targets, RowRange[] segments)
    {
        (Inputs, Targets, Segments) = (inputs, targets, segments);
        TargetCount = targets.Count(target => target != NoTarget);
    }

    /// <summary>[R], token ids.</summary>
    public int[] Inputs { get; }

    /// <summary>[R], token ids or <see cref="NoTarget"/>.</summary>
    public int[] Targets { get; }

    /// <summary>The documents, in order, covering every row.</summary>
    public RowRange[] Segments { get; }

    /// <summary>Rows that have a target.</summary>
    public int TargetCount { get; }

    /// <summary>Lays documents one behind the other; each of n tokens gives n - 1 rows.</summary>
    public static TokenBatch Of(IReadOnlyCollection<Example> examples)
    {
        var rows = examples.Sum(example => example.RowCount);
        var (inputs, targets, segments) = (new int[rows], new int[rows], new RowRange[examples.Count]);
        var (start, index) = (0, 0);
        foreach (var example in examples)
        {
            var length = example.RowCount;
            example.Ids.AsSpan(0, length).CopyTo(inputs.AsSpan(start));
            for (var i = 0; i < length; i++)
                targets[start + i] = example.IsTarget(i + 1) ? example.Ids[i + 1] : NoTarget;
            segments[index++] = new RowRange(start, length);
            start += length;
        }

        return new TokenBatch(inputs, targets, segments);
    }
}
