namespace Ouro.Training;

/// <summary>What a pass over a batch came to, as sums over targets, so that reports of parts add up.</summary>
public sealed class LossReport
{
    readonly double[] _losses, _chances;
    readonly long[] _read;
    double _loss, _entropy;

    /// <param name="loops">Loops that were run.</param>
    public LossReport(int loops) => (_losses, _chances, _read) = (new double[loops], new double[loops], new long[loops]);

    /// <summary>Loops that were run.</summary>
    public int Loops => _losses.Length;

    /// <summary>Tokens that had to be predicted.</summary>
    public long Targets { get; private set; }

    /// <summary>The objective's value: the mean over targets, in nats.</summary>
    public double Loss => _loss / Math.Max(1, Targets);

    /// <summary>Mean entropy of the exit distribution, in nats, 0 to ln of the number of loops.</summary>
    public double Entropy => _entropy / Math.Max(1, Targets);

    /// <summary>Mean cross-entropy of the read-out after a loop, counted from 1, in nats; NaN if the objective does not read there.</summary>
    public double LossAfter(int loop) => _read[loop - 1] == 0 ? double.NaN : _losses[loop - 1] / _read[loop - 1];

    /// <summary>Mean chance that a token exits at a loop, counted from 1.</summary>
    public double ExitChanceAt(int loop) => _chances[loop - 1] / Math.Max(1, Targets);

    /// <summary>Mean loop of exit under the gate's distribution.</summary>
    public double MeanDepth => Enumerable.Range(1, Loops).Sum(loop => loop * ExitChanceAt(loop));

    /// <summary>Adds the sums of another report over as many loops.</summary>
    public void Add(LossReport other)
    {
        if (other.Loops != Loops)
            throw new ArgumentException($"Reports over {other.Loops} and {Loops} loops do not add up.", nameof(other));

        for (var loop = 0; loop < Loops; loop++)
        {
            _losses[loop] += other._losses[loop];
            _chances[loop] += other._chances[loop];
            _read[loop] += other._read[loop];
        }

        (_loss, _entropy, Targets) = (_loss + other._loss, _entropy + other._entropy, Targets + other.Targets);
    }

    /// <summary>Adds one target.</summary>
    /// <param name="loss">The objective's value for it.</param>
    /// <param name="losses">Cross-entropy by loop; NaN where nothing was read.</param>
    /// <param name="chances">Exit chances by loop.</param>
    internal void Add(double loss, ReadOnlySpan<double> losses, ReadOnlySpan<double> chances)
    {
        Targets++;
        _loss += loss;
        for (var loop = 0; loop < Loops; loop++)
        {
            var chance = chances[loop];
            _chances[loop] += chance;
            _entropy -= chance > 0 ? chance * Math.Log(chance) : 0;    // the limit of p ln p at 0
            if (double.IsNaN(losses[loop]))
                continue;
            _losses[loop] += losses[loop];
            _read[loop]++;
        }
    }
}
