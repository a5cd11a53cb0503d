using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>Chooses the token at a place in a text.</summary>
/// <remarks>
/// It is asked again for the same place, with guesses in the history that may turn out wrong, so the answer must follow from the arguments
/// alone: whatever a chooser remembers (the state of a grammar) belongs to a history.
/// </remarks>
public interface ITokenChooser
{
    /// <summary>Chooses the token that follows.</summary>
    /// <param name="logits">[V]; not changed.</param>
    /// <param name="history">The tokens so far, prompt included.</param>
    /// <param name="position">The place in the text that the chosen token will take.</param>
    /// <param name="isGuess">True if the logits are those of a loop before the one that decides.</param>
    /// <exception cref="InvalidDataException">No logit is a number.</exception>
    int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false);
}

/// <summary>Chooses a token from logits by filters and noise.</summary>
/// <remarks>
/// Order: repetition penalty, top-k, temperature, top-p, min-p, then the largest of logit / temperature + Gumbel noise, which is a draw from
/// the softmax of what is left. The noise belongs to (seed, choice, position, token) and to nothing else, so the choice at a position does not
/// depend on how or when the logits were computed. Of equal logits the token of lower number counts as likelier, in every filter. Not
/// thread-safe; nothing is allocated per token.
/// </remarks>
/// <param name="vocabulary">Number of logits.</param>
/// <param name="choice">Which of several replies to one prompt this is.</param>
public sealed class Sampler(SamplingOptions options, int vocabulary, int choice = 0) : ITokenChooser
{
    readonly float[] _logits = new float[vocabulary];
    readonly ulong[] _candidates = new ulong[vocabulary];   // see CandidateOf

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
    {
        if (options.Temperature == 0 && options.RepeatPenalty == 1)
            return Best(logits);

        logits.CopyTo(_logits);
        Penalise(logits, history);
        return options.Temperature == 0 ? Best(_logits) : Draw(KeepLikeliest(), position);
    }

    /// <summary>The index of the largest number, the first of several equal ones; NaN is never chosen.</summary>
    /// <exception cref="InvalidDataException">No logit is a number.</exception>
    public static int Best(ReadOnlySpan<float> logits)
    {
        var best = LogitScan.Best(logits);
        return best >= 0 ? best : throw new InvalidDataException("the model's output is not a number for any token; its weights are damaged. Fetch or convert it again; 'ouro verify' names the tensor.");
    }

    void Penalise(ReadOnlySpan<float> logits, ReadOnlySpan<int> history)
    {
        if (options.RepeatPenalty == 1)
            return;

        // From the logit as it was given: once per token, however often it was said.
        foreach (var token in history[^Math.Min(options.RepeatLastN, history.Length)..])
        {
            var logit = logits[token];
            _logits[token] = (float)(logit > 0 ? logit / options.RepeatPenalty : logit * options.RepeatPenalty);
        }
    }

    /// <summary>Puts the tokens that remain first in <see cref="_candidates"/>, likeliest first if any were left out, and returns how many they are.</summary>
    int KeepLikeliest()
    {
        var count = 0;
        for (var token = 0; token < _logits.Length; token++)
        {
            if (!float.IsNaN(_logits[token]))
                _candidates[count++] = CandidateOf(_logits[token], token);
        }

        if (count == 0)
            Best(_logits);   // throws

        var kept = options.TopK > 0 ? Math.Min(options.TopK, count) : count;
        if (kept < count)
            SelectSmallest(count, kept);
        if (kept < count || options.TopP < 1 || options.MinP > 0)
            _candidates.AsSpan(0, kept).Sort();
        return options.TopP < 1 || options.MinP > 0 ? KeepProbable(kept) : kept;
    }

    int KeepProbable(int count)
    {
        var largest = _logits[TokenOf(_candidates[0])];
        var total = 0.0;
        for (var i = 0; i < count; i++)
            total += Math.Exp((_logits[TokenOf(_candidates[i])] - largest) / options.Temperature);

        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            var share = Math.Exp((_logits[TokenOf(_candidates[i])] - largest) / options.Temperature);
            if (i > 0 && (sum >= options.TopP * total || share < options.MinP))
                return i;
            sum += share;
        }

        return count;
    }

    int Draw(int count, int position)
    {
        var (best, bestValue) = (-1, double.NegativeInfinity);
        for (var i = 0; i < count; i++)
        {
            var token = TokenOf(_candidates[i]);
            var value = _logits[token] / options.Temperature + GumbelNoise.At(options.Seed, choice, position, token);
            if (value > bestValue || best < 0)
                (best, bestValue) = (token, value);
        }

        return best;
    }

    /// <summary>A number that is smaller the likelier a token is: the order of -logit in the upper half, the token in the lower.</summary>
    static ulong CandidateOf(float logit, int token)
    {
        // The bits of positive floats are in order; those of negative ones are in reverse order, below. 0 - x, unlike -x, has one zero only.
        var bits = BitConverter.SingleToInt32Bits(0 - logit);
        var ordered = (uint)bits ^ ((uint)(bits >> 31) | 0x8000_0000);
        return ((ulong)ordered << 32) | (uint)token;
    }

    static int TokenOf(ulong candidate) => (int)(uint)candidate;

    /// <summary>Quickselect: afterwards the <paramref name="kept"/> smallest candidates stand first, in any order.</summary>
    void SelectSmallest(int count, int kept)
    {
        var (low, high) = (0, count - 1);
        while (low < high)
        {
            var pivot = _candidates[(low + high) / 2];
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (_candidates[i] < pivot)
                    i++;
                while (_candidates[j] > pivot)
                    j--;
                if (i > j)
                    continue;

                (_candidates[i], _candidates[j]) = (_candidates[j], _candidates[i]);
                i++;
                j--;
            }

            if (kept - 1 <= j)
                high = j;
            else if (kept - 1 >= i)
                low = i;
            else
                return;
        }
    }
}

/// <summary>Noise that belongs to a place in a text: the same numbers whenever and in whatever order they are asked for.</summary>
static class GumbelNoise
{
    /// <summary>-ln(-ln u) for a uniform u in (0, 1) made from the four keys.</summary>
    public static double At(long seed, int choice, int position, int token)
    {
        var bits = Mix((ulong)seed + 0x9E3779B97F4A7C15);
        bits = Mix(bits ^ (((ulong)(uint)choice << 32) | (uint)position));
        bits = Mix(bits ^ (uint)token);
        var uniform = ((bits >> 11) + 0.5) / (1UL << 53);
        return -Math.Log(-Math.Log(uniform));
    }

    /// <summary>A bijection of 64 bits in which every input bit changes every output bit with even chance (the SplitMix64 finaliser).</summary>
    static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
