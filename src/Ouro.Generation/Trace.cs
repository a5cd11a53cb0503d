using Ouro.Formats;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>What one loop did to every token of a text; arrays are indexed by token.</summary>
/// <param name="Loop">From 1.</param>
/// <param name="GateLogit">The gate's logit; empty if the file has lost its gate.</param>
/// <param name="StopChance">Its sigmoid.</param>
/// <param name="ExitChance">The chance to exit at this loop.</param>
/// <param name="Cumulative">The chance to have exited by this loop.</param>
/// <param name="Logits">[token][V]: what would be said after this loop.</param>
public sealed record LoopTrace(
    int Loop, float[] GateLogit, double[] StopChance, double[] ExitChance, double[] Cumulative, float[][] Logits);

/// <summary>Everything that the loops did to a text: the gate's view and the read-out after each of them.</summary>
/// <param name="Ids">The text.</param>
/// <param name="Loops">One per loop.</param>
/// <param name="ExitLoop">Per token, the loop from 1 at which the rule reads it.</param>
public sealed record Trace(int[] Ids, IReadOnlyList<LoopTrace> Loops, int[] ExitLoop)
{
    /// <summary>Runs a text and keeps everything.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary.</exception>
    public static Trace Run(
        OuroModel model, ReadOnlySpan<int> ids, ExitRule rule, ElementType kvType = ElementType.F16, CancellationToken cancel = default)
    {
        var tokens = ids.Length;
        var loops = new LoopTrace[rule.Loops];
        for (var loop = 0; loop < loops.Length; loop++)
        {
            var gated = model.HasGate ? tokens : 0;
            loops[loop] = new LoopTrace(
                loop + 1, new float[gated], new double[gated], new double[gated], new double[gated], new float[tokens][]);
        }

        using var sequence = model.NewSequence(rule.Loops, kvType);
        var logits = new Matrix(0, model.Config.Vocabulary);
        var before = new Matrix(0, model.Config.Width);
        var text = ids.ToArray();
        var changes = new double[rule.Loops][];
        new LoopRun(model, sequence, rule.Loops).Run(ids, 0, (first, loop, states) =>
        {
            if (loop == 0)
                model.Embed(text.AsSpan(first, states.Rows), before);
            changes[loop] ??= new double[tokens];
            model.Read(states, logits);
            for (var row = 0; row < states.Rows; row++)
            {
                changes[loop][first + row] = LoopOutcome.Change(before[row], states[row]);
                states[row].CopyTo(before[row]);
            }

            for (var row = 0; row < states.Rows; row++)
                loops[loop].Logits[first + row] = logits[row].ToArray();
            if (model.HasGate)
                model.Gate(states, loops[loop].GateLogit.AsSpan(first, states.Rows));
        }, cancel);

        var exits = new int[tokens];
        for (var token = 0; token < tokens; token++)
            exits[token] = Exit(loops, changes, token, rule.For(model));
        return new Trace(text, loops, exits);
    }

    static int Exit(LoopTrace[] loops, double[][] changes, int token, ExitRule rule)
    {
        var chances = new ExitChances();
        var exit = 0;
        for (var i = 0; i < loops.Length; i++)
        {
            var loop = loops[i];
            if (loop.GateLogit.Length > 0)
            {
                chances.Add(loop.GateLogit[token], isLast: i + 1 == loops.Length);
                (loop.StopChance[token], loop.ExitChance[token], loop.Cumulative[token]) = (chances.Stop, chances.Exit, chances.Cumulative);
            }

            if (exit == 0 && rule.Reads(new LoopOutcome(token, i + 1, chances.Cumulative, changes[i][token], LogitScan.Confidence(loop.Logits[token]))))
                exit = i + 1;
        }

        return exit;
    }
}
