using Ouro.Model;

namespace Ouro.Training;

/// <summary>The gate's distribution over loops for one token, and its derivatives. Loops are counted from 0 here.</summary>
readonly ref struct ExitDistribution
{
    readonly ReadOnlySpan<float> _logits;
    readonly Span<double> _chances;

    /// <param name="logits">[T]; the last is not used, since the last loop takes what remains. Kept, not copied.</param>
    /// <param name="chances">[T], overwritten; kept.</param>
    public ExitDistribution(ReadOnlySpan<float> logits, Span<double> chances)
    {
        _logits = logits;
        _chances = chances;
        var running = new ExitChances();
        for (var t = 0; t < logits.Length; t++)
        {
            running.Add(logits[t], isLast: t == logits.Length - 1);
            chances[t] = running.Exit;
        }
    }

    /// <summary>1 / (1 + e^-x).</summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The chance to exit at a loop.</summary>
    public double Chance(int loop) => _chances[loop];

    /// <summary>All of them.</summary>
    public ReadOnlySpan<double> Chances => _chances;

    /// <summary>The gate's chance to stop at a loop that was reached.</summary>
    public double Stop(int loop) => Sigmoid(_logits[loop]);

    /// <summary>-ln of the gate's chance to stop.</summary>
    public double LogCostOfStopping(int loop) => Softplus(-_logits[loop]);

    /// <summary>-ln of the gate's chance to go on.</summary>
    public double LogCostOfGoingOn(int loop) => Softplus(_logits[loop]);

    /// <summary>From derivatives by the exit chances to derivatives by the gate's logits.</summary>
    /// <remarks>dp_t/dz_t = p_t (1 - stop_t), and dp_s/dz_t = -stop_t p_s for s behind t: no division, so nothing breaks where a gate is sure.</remarks>
    /// <param name="byChance">[T].</param>
    /// <param name="byLogit">[T], overwritten; the last is 0.</param>
    public void ToLogits(ReadOnlySpan<double> byChance, Span<double> byLogit)
    {
        var behind = 0.0;
        for (var t = _logits.Length - 1; t >= 0; t--)
        {
            var stop = Stop(t);
            byLogit[t] = t == _logits.Length - 1 ? 0 : byChance[t] * _chances[t] * (1 - stop) - stop * behind;
            behind += byChance[t] * _chances[t];
        }
    }

    /// <summary>ln(1 + e^x) without overflow.</summary>
    static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
