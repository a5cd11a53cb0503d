using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>What became of a tensor of the source.</summary>
public enum TensorState
{
    /// <summary>Every number is there to the last bit.</summary>
    Exact,

    /// <summary>Rounded no further than its type explains.</summary>
    Rounded,

    /// <summary>Not there.</summary>
    Lost,

    /// <summary>There, but with other numbers or another shape.</summary>
    Damaged,

    /// <summary>The numbers are there, but the rows of the heads lie in the order of the other file format.</summary>
    RowsMisplaced,

    /// <summary>A norm that holds the numbers of another norm of its layer.</summary>
    Swapped,

    /// <summary>There, with the right shape, but the part of the source at hand does not hold the numbers to compare it with.</summary>
    NotCompared,
}

/// <summary>One tensor of the source, accounted for.</summary>
/// <param name="Name">Its name in the source.</param>
/// <param name="Part">What it is for; null if it is no part of the model.</param>
/// <param name="Type">How the file stores it; null if it is lost. The gate of a GGUF file is single precision.</param>
/// <param name="RelativeError">Root mean square of the differences over that of the source's numbers; null if it is lost or has another shape.</param>
/// <param name="Bound">The largest <paramref name="RelativeError"/> that the type explains; 0 where the type holds the source's numbers exactly.</param>
/// <param name="Remark">What else there is to say about it; null if nothing.</param>
public sealed record TensorCheck(
    string Name, ModelTensor? Part, long Elements, ElementType SourceType, ElementType? Type, TensorState State, double? RelativeError, double Bound, string? Remark)
{
    /// <summary>True if nothing is wrong with it.</summary>
    public bool IsSound => State is TensorState.Exact or TensorState.Rounded or TensorState.NotCompared;
}

/// <summary>Something that the file has lost, and what that does to the model.</summary>
/// <param name="Code">A stable name for programs, such as <c>gate_lost</c>.</param>
/// <param name="Sentence">One sentence for a person.</param>
/// <param name="IsInConfiguration">True if it lies in what the file says about itself, which a repair writes anew.</param>
public sealed record Loss(string Code, string Sentence, bool IsInConfiguration = false);

/// <summary>Every parameter of a source accounted for in a file made from it.</summary>
/// <param name="Tensors">One for each tensor of the source, in the model's order; empty if the file could not be opened.</param>
/// <param name="Losses">Empty exactly if nothing is lost.</param>
/// <param name="Remarks">Differences that lose nothing, one sentence each.</param>
public sealed record VerificationReport(
    string Source, string File, IReadOnlyList<TensorCheck> Tensors, IReadOnlyList<Loss> Losses, IReadOnlyList<string> Remarks)
{
    /// <summary>True if the file holds all of the source, rounded at most as its types explain.</summary>
    public bool NothingLost => Losses.Count == 0;

    /// <summary>Numbers in the source's tensors.</summary>
    public long Parameters => Tensors.Sum(tensor => tensor.Elements);

    /// <summary>Numbers of the source that the file has in sound tensors.</summary>
    public long SoundParameters => Tensors.Where(tensor => tensor.IsSound).Sum(tensor => tensor.Elements);
}
