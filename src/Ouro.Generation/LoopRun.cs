using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>Takes consecutive tokens of one text through all loops, a chunk at a time.</summary>
/// <param name="loops">Loops that every token runs.</param>
sealed class LoopRun(OuroModel model, KvSequence sequence, int loops)
{
    /// <summary>Rows in a pass at most: enough to use each reading of the weights well, few enough to stay in the caches.</summary>
    public const int ChunkRows = 128;

    readonly Matrix _states = new(0, model.Config.Width);
    readonly Row[] _rows = new Row[ChunkRows];

    /// <summary>Called after every loop of a chunk.</summary>
    /// <param name="firstToken">Index of the chunk's first token among those given to <see cref="Run"/>.</param>
    /// <param name="loop">The loop, from 0.</param>
    /// <param name="states">[tokens of the chunk, D], normed.</param>
    public delegate void AfterLoop(int firstToken, int loop, Matrix states);

    /// <summary>Passes made so far.</summary>
    public long Passes { get; private set; }

    /// <summary>Rows computed so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Runs tokens that take the positions from <paramref name="firstPosition"/> on; earlier positions have been run.</summary>
    public void Run(ReadOnlySpan<int> tokens, int firstPosition, AfterLoop afterLoop, CancellationToken cancel)
    {
        for (var first = 0; first < tokens.Length; first += ChunkRows)
        {
            var chunk = tokens.Slice(first, Math.Min(ChunkRows, tokens.Length - first));
            model.Embed(chunk, _states);
            for (var loop = 0; loop < loops; loop++)
            {
                cancel.ThrowIfCancellationRequested();
                for (var i = 0; i < chunk.Length; i++)
                    _rows[i] = new Row(sequence, firstPosition + first + i, loop);
                model.Pass(_rows.AsSpan(0, chunk.Length), _states);
                Passes++;
                Rows += chunk.Length;
                afterLoop(first, loop, _states);
            }
        }
    }
}
