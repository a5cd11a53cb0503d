using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Training;

/// <summary>One tensor that is being trained, with its gradient. Both in single precision, published row order.</summary>
public sealed class Parameter
{
    internal Parameter(ModelTensor tensor)
    {
        Tensor = tensor;
        var (rows, columns) = tensor.Shape.Length == 2 ? ((int)tensor.Shape[0], (int)tensor.Shape[1]) : (1, (int)tensor.Shape[0]);
        Values = new Matrix(rows, columns);
    }

    /// <summary>Which tensor of the model it is.</summary>
    public ModelTensor Tensor { get; }

    /// <summary>The numbers, [rows, columns]; a vector is one row.</summary>
    public Matrix Values { get; }

    /// <summary>The sum of gradients since the optimiser's last step, of the same shape; it takes memory from its first use on.</summary>
    public Matrix Gradient => field ??= new Matrix(Values.Rows, Values.Columns);

    /// <summary>True for matrices, the embedding among them: weight decay leaves norms and the gate's bias alone.</summary>
    public bool IsDecayed => !Tensor.IsNorm && Tensor.Role != TensorRole.GateBias;
}
