using System.Runtime.CompilerServices;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;

namespace Ouro.Training;

/// <summary>What AdamW is set to; the defaults are the paper's.</summary>
public sealed record AdamWOptions
{
    /// <summary>How much of the mean gradient is kept at a step, in [0, 1).</summary>
    public float Beta1 { get; init => field = Share(value); } = 0.9f;

    /// <summary>How much of the mean square is kept at a step, in [0, 1).</summary>
    public float Beta2 { get; init => field = Share(value); } = 0.95f;

    /// <summary>Added to the root of the mean square; above 0.</summary>
    public float Epsilon { get; init => field = Above(value); } = 1e-8f;

    /// <summary>Weight decay of matrices, at least 0: a step multiplies them by 1 - rate * this.</summary>
    public float WeightDecay
    {
        get;
        init => field = value is >= 0 and < float.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(WeightDecay), value, "A number of at least 0 is expected.");
    } = 0.1f;

    /// <summary>Largest norm of all gradients together, above 0; longer ones are shortened to it. Infinity never shortens.</summary>
    public float Clip { get; init => field = Above(value); } = 1;

    static float Share(float value, [CallerMemberName] string name = "")
        => value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, "A number from 0 to below 1 is expected.");

    static float Above(float value, [CallerMemberName] string name = "")
        => value > 0 ? value : throw new ArgumentOutOfRangeException(name, value, "A number above 0 is expected.");
}

/// <summary>AdamW over all parameters of a model, arXiv:1711.05101, with clipping by the norm of the whole gradient.</summary>
public sealed class AdamW
{
    readonly CpuGradients _gradients;
    readonly IReadOnlyList<Parameter> _parameters;

    /// <param name="parameters">Those that learn; others stay as they are. Kept.</param>
    public AdamW(IReadOnlyList<Parameter> parameters, CpuBackend backend, AdamWOptions? options = null)
    {
        (_parameters, Options, _gradients) = (parameters, options ?? new AdamWOptions(), new CpuGradients(backend));
        FirstMoments = [.. parameters.Select(parameter => new Matrix(parameter.Values.Rows, parameter.Values.Columns))];
        SecondMoments = [.. parameters.Select(parameter => new Matrix(parameter.Values.Rows, parameter.Values.Columns))];
    }

    /// <summary>What it is set to, from the next step on.</summary>
    public AdamWOptions Options { get; set; }

    /// <summary>Steps done.</summary>
    public long Steps { get; set; }

    /// <summary>Running means of gradients, by parameter.</summary>
    public IReadOnlyList<Matrix> FirstMoments { get; }

    /// <summary>Running means of squared gradients, by parameter.</summary>
    public IReadOnlyList<Matrix> SecondMoments { get; }

    /// <summary>Changes the parameters by their gradients, and sets these to zero.</summary>
    /// <returns>The norm of the gradient before clipping. If it is not finite, nothing was learnt from it.</returns>
    public double Step(double learningRate)
    {
        var norm = Math.Sqrt(_parameters.Sum(parameter => CpuGradients.SumOfSquares(parameter.Gradient)));
        if (!double.IsFinite(norm))
        {
            foreach (var parameter in _parameters)
                CpuGradients.Clear(parameter.Gradient);
            return norm;
        }

        Steps++;
        var step = new AdamStep(
            (float)learningRate, norm > Options.Clip ? (float)(Options.Clip / norm) : 1, Options.Beta1, Options.Beta2, Options.Epsilon, 0,
            (float)(1 - Math.Pow(Options.Beta1, Steps)), (float)(1 - Math.Pow(Options.Beta2, Steps)));
        for (var i = 0; i < _parameters.Count; i++)
        {
            var parameter = _parameters[i];
            _gradients.AdamW(
                parameter.Values, parameter.Gradient, FirstMoments[i], SecondMoments[i], step with { Decay = parameter.IsDecayed ? Options.WeightDecay : 0 });
        }

        return norm;
    }
}
