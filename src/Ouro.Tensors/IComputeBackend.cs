namespace Ouro.Tensors;

/// <summary>The operations of which a layer is made. The forward pass is written once, against these.</summary>
/// <remarks>
/// <see cref="CpuBackend"/> computes them; training's tape computes them, remembers what it needs, and plays them backwards. R is the number of
/// rows; results are resized to it and overwritten.
/// </remarks>
public interface IComputeBackend
{
    /// <summary>result = x / sqrt(mean(x^2) + epsilon) * weight, row by row; the result is ready for a product.</summary>
    /// <param name="x">[R, D].</param>
    /// <param name="weight">[1, D].</param>
    /// <param name="result">[R, D].</param>
    void RmsNorm(Matrix x, Matrix weight, float epsilon, Activations result);

    /// <inheritdoc cref="RmsNorm(Matrix, Matrix, float, Activations)"/>
    /// <remarks><paramref name="result"/> may be <paramref name="x"/>.</remarks>
    void RmsNorm(Matrix x, Matrix weight, float epsilon, Matrix result);

    /// <summary>residual += RmsNorm(x): the branch is normed before it joins the residual stream.</summary>
    void AddRmsNorm(Matrix x, Matrix weight, float epsilon, Matrix residual);

    /// <summary>result [R, outputs] = rows [R, inputs] times the transpose of weights [outputs, inputs].</summary>
    void Multiply(WeightMatrix weights, Activations rows, Matrix result);

    /// <summary>Turns every head of every row by its position; <see cref="Rope.Prepare"/> has been given the positions.</summary>
    /// <param name="heads">[R, H * headSize], in place.</param>
    void Rotate(Rope rope, Matrix heads);

    /// <summary>Stores the keys and values [R, KvHeads * headSize] of each row where rows to come will look for them.</summary>
    void Store(ReadOnlyMemory<KvPlace> places, int layer, Matrix keys, Matrix values);

    /// <summary>Attends from each row to its own position and those before it; everything it may see has been stored.</summary>
    /// <param name="queries">[R, heads * headSize].</param>
    /// <param name="heads">Query heads, a multiple of the stored heads.</param>
    /// <param name="result">[R, heads * headSize].</param>
    void Attend(ReadOnlyMemory<KvPlace> places, int layer, Matrix queries, int heads, Activations result);

    /// <summary>result = SiLU(gate) * up, element by element, [R, F].</summary>
    void SwiGlu(Matrix gate, Matrix up, Activations result);
}
