namespace Ouro.Training;

/// <summary>What a model would say at each target of a batch, after each loop, and what its gate thought there.</summary>
/// <param name="Best">[T][targets], the likeliest token.</param>
/// <param name="GateLogits">[T][targets].</param>
/// <param name="Rows">[targets], the row of the batch.</param>
public sealed record Readings(int[][] Best, float[][] GateLogits, int[] Rows);
