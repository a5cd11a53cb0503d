using Ouro.Model;

namespace Ouro.Training;

/// <summary>To which gate a label of the second stage belongs.</summary>
public enum GateLabel
{
    /// <summary>As the paper prints it: the gate after loop t learns what loop t has just won over loop t - 1.</summary>
    AsPrinted,

    /// <summary>The gate after loop t - 1, which decides whether loop t is run, learns what loop t wins.</summary>
    Shifted,
}

/// <summary>What training minimises, for one token at a time; the mean over tokens is the loss.</summary>
/// <remarks>
/// T loops; L_t is the cross-entropy of the read-out after loop t, in nats; stop_t = sigmoid of the gate's logit; p_t the exit chance: stop_t times the
/// chance of not having stopped before, the last loop taking what remains. Source: arXiv:2510.25741, sections 3.3 and 3.4.
/// </remarks>
public abstract record Objective
{
    Objective()
    {
    }

    /// <summary>Loops that have to be run of those that the model has.</summary>
    internal virtual int Loops(int modelLoops) => modelLoops;

    /// <summary>True if only the gate learns, so that no gradient goes back through the layers.</summary>
    internal virtual bool TrainsGateOnly => false;

    /// <summary>Whether a tensor learns; what does not keeps its numbers, and is not decayed either.</summary>
    internal virtual bool Trains(ModelTensor tensor) => !TrainsGateOnly || tensor.IsGate;

    /// <summary>Whether it reads the logits after a loop, counted from 0.</summary>
    internal virtual bool Reads(int loop) => true;

    /// <summary>The loss of one token, and its gradients.</summary>
    /// <param name="losses">[T] L_t; NaN where <see cref="Reads"/> is false.</param>
    /// <param name="exits">The gate's distribution.</param>
    /// <param name="lossWeights">[T], overwritten: the derivative by L_t.</param>
    /// <param name="gateGradients">[T], overwritten: the derivative by the gate's logits.</param>
    internal abstract double OfToken(ReadOnlySpan<double> losses, ExitDistribution exits, Span<double> lossWeights, Span<double> gateGradients);

    /// <summary>Stage I: expected loss over exits, minus a reward for keeping exits spread out: sum_t p_t L_t - beta H(p), H = -sum_t p_t ln p_t.</summary>
    /// <param name="Beta">0.1 with more loops, later 0.05 in the paper.</param>
    public sealed record EntropyRegularised(float Beta) : Objective
    {
        internal override double OfToken(ReadOnlySpan<double> losses, ExitDistribution exits, Span<double> lossWeights, Span<double> gateGradients)
        {
            var loss = 0.0;
            Span<double> byChance = stackalloc double[losses.Length];
            for (var t = 0; t < losses.Length; t++)
            {
                var chance = exits.Chance(t);
                var log = chance > 0 ? Math.Log(chance) : 0;        // p ln p is 0 at 0
                loss += chance * (losses[t] + Beta * log);
                lossWeights[t] = chance;
                byChance[t] = losses[t] + Beta * (log + 1);
            }

            exits.ToLogits(byChance, gateGradients);
            return loss;
        }
    }

    /// <summary>Plain cross-entropy after one loop: what a model without exits learns, and a baseline.</summary>
    /// <param name="Loop">Counted from 1, at most the model's; later loops are not run, and the gate learns nothing.</param>
    public sealed record FixedDepth(int Loop) : Objective
    {
        internal override int Loops(int modelLoops)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(Loop, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(Loop, modelLoops);
            return Loop;
        }

        internal override bool Trains(ModelTensor tensor) => !tensor.IsGate;

        internal override bool Reads(int loop) => loop == Loop - 1;

        internal override double OfToken(ReadOnlySpan<double> losses, ExitDistribution exits, Span<double> lossWeights, Span<double> gateGradients)
        {
            lossWeights.Clear();
            gateGradients.Clear();
            lossWeights[^1] = 1;
            return losses[^1];
        }
    }

    /// <summary>Stage II: the gate alone learns to continue where a loop still wins something; the model stays as it is.</summary>
    /// <remarks>
    /// For t = 2..T: I_t = max(0, L_(t-1) - L_t); w_t = sigmoid(k (I_t - gamma)); the binary cross-entropy between the chance to go on, 1 - stop, and
    /// w_t. The sum over t is divided by T.
    /// </remarks>
    /// <param name="K">Steepness of the label; 50 in the paper.</param>
    /// <param name="Gamma">Improvement, in nats, from which going on pays; 0.005 in the paper.</param>
    /// <param name="Label">Which gate learns from I_t.</param>
    public sealed record Gate(float K, float Gamma, GateLabel Label) : Objective
    {
        internal override bool TrainsGateOnly => true;

        internal override double OfToken(ReadOnlySpan<double> losses, ExitDistribution exits, Span<double> lossWeights, Span<double> gateGradients)
        {
            var loss = 0.0;
            lossWeights.Clear();
            gateGradients.Clear();
            for (var t = 1; t < losses.Length; t++)
            {
                var label = ExitDistribution.Sigmoid(K * (Math.Max(0, losses[t - 1] - losses[t]) - Gamma));
                var gate = Label == GateLabel.AsPrinted ? t : t - 1;
                loss += (label * exits.LogCostOfGoingOn(gate) + (1 - label) * exits.LogCostOfStopping(gate)) / losses.Length;
                gateGradients[gate] += (exits.Stop(gate) - (1 - label)) / losses.Length;
            }

            return loss;
        }
    }

    /// <summary>The cross-entropy of the mixture of logits, sum_t p_t logits_t: what the published code computes when it is given labels.</summary>
    public sealed record ExpectedLogits : Objective
    {
        internal override double OfToken(ReadOnlySpan<double> losses, ExitDistribution exits, Span<double> lossWeights, Span<double> gateGradients)
            => throw new InvalidOperationException("A mixture of logits is not a function of the losses.");
    }
}
