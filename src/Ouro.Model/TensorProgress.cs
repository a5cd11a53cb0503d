namespace Ouro.Model;

/// <summary>How far a walk over a model's tensors has come.</summary>
/// <param name="BytesDone">Bytes behind it.</param>
/// <param name="BytesTotal">Bytes in all, at least 1.</param>
/// <param name="Tensor">The tensor that was last worked on.</param>
public readonly record struct TensorProgress(long BytesDone, long BytesTotal, string Tensor);
