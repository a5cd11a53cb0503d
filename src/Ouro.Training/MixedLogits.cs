using Ouro.Tensors;
using Ouro.Tensors.Gradients;

namespace Ouro.Training;

/// <summary>The loss of <see cref="Objective.ExpectedLogits"/> for some targets: cross-entropy of sum_t p_t logits_t.</summary>
/// <remarks>With g = softmax(mixture) - one at the target: the derivative by logits_t is p_t g, and by p_t it is g . logits_t.</remarks>
sealed class MixedLogits
{
    readonly IReadOnlyList<Matrix> _logits;
    readonly Matrix _mixture;
    readonly double[] _losses;
    readonly double[][] _byChance;              // [loop][rows]

    public MixedLogits(int[] targets, float[][] gateLogits, IReadOnlyList<Matrix> logits, Matrix mixture, CpuGradients gradients)
    {
        (_logits, _mixture) = (logits, mixture);
        var (rows, loops, chances) = (targets.Length, gateLogits.Length, Chances(gateLogits));
        mixture.Resize(rows);
        CpuGradients.Clear(mixture);
        for (var loop = 0; loop < loops; loop++)
            CpuGradients.AddScaledRows(logits[loop], chances[loop], mixture);

        _losses = new double[rows];
        gradients.CrossEntropy(mixture, targets, _losses);
        var ones = new float[rows];
        Array.Fill(ones, 1);
        gradients.CrossEntropyGradient(mixture, targets, ones);
        _byChance = [.. Enumerable.Range(0, loops).Select(loop => CpuGradients.RowProducts(mixture, logits[loop]))];
    }

    public double OfToken(int row, ExitDistribution exits, Span<double> lossWeights, Span<double> gateGradients)
    {
        Span<double> byChance = stackalloc double[lossWeights.Length];
        for (var loop = 0; loop < byChance.Length; loop++)
            (byChance[loop], lossWeights[loop]) = (_byChance[loop][row], exits.Chance(loop));
        exits.ToLogits(byChance, gateGradients);
        return _losses[row];
    }

    /// <summary>Puts g in the place of every loop's logits.</summary>
    public void Spread()
    {
        for (var loop = 0; loop < _byChance.Length; loop++)
        {
            for (var row = 0; row < _mixture.Rows; row++)
                _mixture[row].CopyTo(_logits[loop][row]);
        }
    }

    /// <summary>[loop][rows].</summary>
    static float[][] Chances(float[][] gateLogits)
    {
        var result = Array.ConvertAll(gateLogits, loop => new float[loop.Length]);
        Span<float> logits = stackalloc float[gateLogits.Length];
        Span<double> chances = stackalloc double[gateLogits.Length];
        for (var row = 0; row < gateLogits[0].Length; row++)
        {
            for (var t = 0; t < logits.Length; t++)
                logits[t] = gateLogits[t][row];
            var exits = new ExitDistribution(logits, chances);
            for (var t = 0; t < logits.Length; t++)
                result[t][row] = (float)exits.Chance(t);
        }

        return result;
    }
}
