using Ouro.Model;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;
using Ouro.Training.Data;

namespace Ouro.Training;

/// <summary>From the states that end each loop to the loss, and back: the head and the gate, for rows that have a target.</summary>
/// <remarks>Rows are taken some at a time, so that logits of a large vocabulary never exist for a whole batch.</remarks>
sealed class ReadOut
{
    const int LogitsAtOnce = 1 << 23;
    const int MostRows = 256;

    readonly CpuBackend _backend;
    readonly CpuGradients _gradients;
    readonly WeightMatrix _headWeights;
    readonly Parameter _head, _gateWeight, _gateBias;
    readonly Activations _rows;                     // [rows, D]: the states of some targets
    readonly Matrix _rowsGradient, _mixture;
    readonly List<Matrix> _logits = [];             // by loop, [rows, V]
    readonly int _rowsAtOnce, _vocabulary;

    public ReadOut(TrainableModel model, OuroWeights weights, CpuBackend backend, CpuGradients gradients)
    {
        (_backend, _gradients, _headWeights) = (backend, gradients, weights.Head);
        _head = model[model.Config.TiedHead ? TensorRole.Embedding : TensorRole.Head];
        (_gateWeight, _gateBias) = (model[TensorRole.GateWeight], model[TensorRole.GateBias]);
        _rows = new Activations(0, model.Config.Width);
        _rowsGradient = new Matrix(0, model.Config.Width);
        _vocabulary = model.Config.Vocabulary;
        _mixture = new Matrix(0, _vocabulary);
        _rowsAtOnce = Math.Clamp(LogitsAtOnce / _vocabulary, 16, MostRows);
    }

    /// <param name="ended">[loop][R, D].</param>
    /// <param name="endedGradients">[loop][R, D], overwritten; null if the states need no gradient.</param>
    public LossReport Accumulate(
        TokenBatch batch, Objective objective, IReadOnlyList<Matrix> ended, IReadOnlyList<Matrix>? endedGradients, int loops, int targetsInStep)
    {
        for (var loop = 0; loop < loops && endedGradients is not null; loop++)
        {
            endedGradients[loop].Resize(batch.Inputs.Length);
            CpuGradients.Clear(endedGradients[loop]);
        }

        var report = new LossReport(loops);
        foreach (var chunk in Chunks(batch, loops))
        {
            Forward(chunk, objective, ended);
            var losses = Losses(chunk, objective, report, 1f / targetsInStep);
            for (var loop = 0; loop < loops; loop++)
                Backward(chunk, objective, losses, loop, ended[loop], endedGradients?[loop]);
        }

        return report;
    }

    public LossReport Evaluate(TokenBatch batch, Objective objective, IReadOnlyList<Matrix> ended, int loops)
    {
        var report = new LossReport(loops);
        foreach (var chunk in Chunks(batch, loops))
        {
            Forward(chunk, objective, ended);
            Losses(chunk, objective, report, scale: 1);
        }

        return report;
    }

    public Readings Read(TokenBatch batch, IReadOnlyList<Matrix> ended, int loops)
    {
        var best = Enumerable.Range(0, loops).Select(_ => new List<int>()).ToArray();
        var gates = Enumerable.Range(0, loops).Select(_ => new List<float>()).ToArray();
        var rows = new List<int>();
        foreach (var chunk in Chunks(batch, loops))
        {
            rows.AddRange(chunk.Rows);
            Forward(chunk, new Objective.EntropyRegularised(0), ended);
            for (var loop = 0; loop < loops; loop++)
            {
                gates[loop].AddRange(chunk.GateLogits[loop]);
                for (var row = 0; row < chunk.Rows.Length; row++)
                    best[loop].Add(LogitScan.Best(_logits[loop][row]));
            }
        }

        return new Readings([.. best.Select(list => list.ToArray())], [.. gates.Select(list => list.ToArray())], [.. rows]);
    }

    /// <summary>Some targets of a batch: their rows, the tokens they ask for, and what the gate says after each loop.</summary>
    sealed record Chunk(int[] Rows, int[] Targets, float[][] GateLogits);

    /// <summary>What a loss passes back: by loop and row, the derivative by its cross-entropy and by its gate's logit.</summary>
    sealed record Derivatives(float[][] LossWeights, float[][] GateGradients);

    IEnumerable<Chunk> Chunks(TokenBatch batch, int loops)
    {
        var rows = Enumerable.Range(0, batch.Targets.Length).Where(row => batch.Targets[row] != TokenBatch.NoTarget);
        foreach (var some in rows.Chunk(_rowsAtOnce))
            yield return new Chunk(some, Array.ConvertAll(some, row => batch.Targets[row]), [.. Enumerable.Range(0, loops).Select(_ => new float[some.Length])]);
    }

    /// <summary>Gate logits after every loop, and logits after those that the objective reads.</summary>
    void Forward(Chunk chunk, Objective objective, IReadOnlyList<Matrix> ended)
    {
        for (var loop = 0; loop < chunk.GateLogits.Length; loop++)
        {
            Gather(chunk, ended[loop]);
            CpuBackend.Project(_rows.Values, _gateWeight.Values, _gateBias.Values[0][0], chunk.GateLogits[loop]);
            while (_logits.Count <= loop)
                _logits.Add(new Matrix(0, _vocabulary));
            if (objective.Reads(loop))
                _backend.Multiply(_headWeights, _rows, _logits[loop]);
        }
    }

    /// <summary>Adds the losses to the report; logits become probabilities, or for a mixture stay.</summary>
    Derivatives Losses(Chunk chunk, Objective objective, LossReport report, float scale)
    {
        var loops = chunk.GateLogits.Length;
        var mixes = objective is Objective.ExpectedLogits;
        var losses = new double[loops][];
        for (var loop = 0; loop < loops; loop++)
        {
            losses[loop] = new double[chunk.Rows.Length];
            if (objective.Reads(loop) && !mixes)
                _gradients.CrossEntropy(_logits[loop], chunk.Targets, losses[loop]);
            else
                Array.Fill(losses[loop], double.NaN);
        }

        var result = new Derivatives(
            [.. losses.Select(loop => new float[loop.Length])], [.. losses.Select(loop => new float[loop.Length])]);
        var mixed = mixes ? new MixedLogits(chunk.Targets, chunk.GateLogits, _logits, _mixture, _gradients) : null;
        Span<double> own = stackalloc double[loops], chances = stackalloc double[loops], weights = stackalloc double[loops], gates = stackalloc double[loops];
        Span<float> logits = stackalloc float[loops];
        for (var row = 0; row < chunk.Rows.Length; row++)
        {
            for (var loop = 0; loop < loops; loop++)
                (own[loop], logits[loop]) = (losses[loop][row], chunk.GateLogits[loop][row]);
            var exits = new ExitDistribution(logits, chances);
            var loss = mixed?.OfToken(row, exits, weights, gates) ?? objective.OfToken(own, exits, weights, gates);
            report.Add(loss, own, chances);
            for (var loop = 0; loop < loops; loop++)
                (result.LossWeights[loop][row], result.GateGradients[loop][row]) = ((float)weights[loop] * scale, (float)gates[loop] * scale);
        }

        mixed?.Spread();
        return result;
    }

    void Backward(Chunk chunk, Objective objective, Derivatives derivatives, int loop, Matrix ended, Matrix? endedGradient)
    {
        Gather(chunk, ended);
        var gates = derivatives.GateGradients[loop];
        _rowsGradient.Resize(chunk.Rows.Length);
        CpuGradients.Clear(_rowsGradient);
        if (!objective.TrainsGateOnly && objective.Reads(loop))
        {
            var logits = _logits[loop];
            if (objective is Objective.ExpectedLogits)
                CpuGradients.ScaleRows(logits, derivatives.LossWeights[loop]);
            else
                _gradients.CrossEntropyGradient(logits, chunk.Targets, derivatives.LossWeights[loop]);
            _gradients.AddWeightGradient(logits, _rows.Values, _head.Gradient);
            _gradients.InputGradient(logits, _head.Values, _rowsGradient, add: false);
        }

        CpuGradients.Project(_rows.Values, _gateWeight.Values, gates, endedGradient is null ? null : _rowsGradient, _gateWeight.Gradient);
        foreach (var gate in gates)
            _gateBias.Gradient[0][0] += gate;
        if (endedGradient is null)
            return;

        for (var row = 0; row < chunk.Rows.Length; row++)
            _rowsGradient[row].CopyTo(endedGradient[chunk.Rows[row]]);
    }

    void Gather(Chunk chunk, Matrix states)
    {
        _rows.Values.Resize(chunk.Rows.Length);
        for (var row = 0; row < chunk.Rows.Length; row++)
            states[chunk.Rows[row]].CopyTo(_rows.Values[row]);
        _rows.Changed();
    }
}
