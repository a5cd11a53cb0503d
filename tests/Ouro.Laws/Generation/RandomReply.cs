using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Laws.Generation;

/// <summary>Everything that a request can ask for, drawn at random.</summary>
sealed record RandomReply(SequenceOptions Options, int[] Prompt, SamplingOptions Sampling, bool HasGrammar, int Limit, IReadOnlySet<int> Stops)
{
    static readonly KvPolicy[] Policies =
        [KvPolicy.Exact, KvPolicy.Exact, KvPolicy.LastExited, KvPolicy.LastExited, KvPolicy.LastLoop, KvPolicy.FirstLoop, KvPolicy.Average];

    static readonly ElementType[] KvTypes = [ElementType.F16, ElementType.F32, ElementType.Q8_0];

    public static RandomReply Draw(Random random, OuroModel model, int[] depths)
    {
        T One<T>(params T[] choices) => choices[random.Next(choices.Length)];
        var loops = One(depths);
        var rule = new ExitRule(loops, One(1, 0.9, 0.6, 0.4, 0.1), random.Next(1, loops + 1))
        {
            Confidence = One(1, 1, 0.05, 0.3),
            StateChange = One(0, 0, 0.2, 0.8),
        };
        var prompt = new int[One(1, 2, random.Next(3, 20), random.Next(60, 70), random.Next(120, 140))];
        foreach (ref var token in prompt.AsSpan())
            token = random.Next(model.Config.Vocabulary);
        var common = random.Next(2) * random.Next(prompt.Length + 1);   // many texts begin alike, up to somewhere
        for (var i = 0; i < common; i++)
            prompt[i] = i * 7 % model.Config.Vocabulary;
        var limit = random.Next(1, 30);
        return new RandomReply(
            new SequenceOptions(rule, prompt.Length + random.Next(0, 40))
            {
                Policy = One(Policies),
                KvType = One(KvTypes),
                DraftLoops = One(-1, -1, 0, 1, 1, random.Next(1, loops + 1)),
            },
            prompt,
            new SamplingOptions
            {
                Temperature = One(0, 0.3, 1, 8),
                TopK = One(0, 3, 40),
                TopP = One(1, 0.8),
                MinP = One(0, 0.05),
                RepeatPenalty = One(1, 1.3),
                RepeatLastN = One(4, 64),
                Seed = random.Next(),
            },
            HasGrammar: random.Next(4) == 0, limit,
            random.Next(3) == 0 ? Enumerable.Range(0, 20).Select(_ => random.Next(model.Config.Vocabulary)).ToHashSet() : new HashSet<int>());
    }

    public Recorder NewChooser(OuroModel model)
    {
        var sampler = new Sampler(Sampling, model.Config.Vocabulary);
        return new Recorder(HasGrammar ? new Grammar(sampler) : sampler);
    }

    /// <summary>The reply, from the definition.</summary>
    public (GeneratedToken Token, float[] Logits)[] Plainly(OuroModel model)
    {
        using var plain = new PlainDecoding(model, Options);
        return [.. plain.Write(Prompt, NewChooser(model), Limit, Stops, Options.ContextTokens)];
    }

    /// <summary>Remembers what every certain choice was made from.</summary>
    public sealed class Recorder(ITokenChooser inner) : ITokenChooser
    {
        public Dictionary<int, float[]> Logits { get; } = [];

        public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
        {
            if (!isGuess)
                Logits[position] = logits.ToArray();
            return inner.Choose(logits, history, position, isGuess);
        }
    }

    /// <summary>A toy grammar with memory: which tokens may follow depends on how often a multiple of three was said.</summary>
    sealed class Grammar(ITokenChooser inner) : ITokenChooser
    {
        public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
        {
            var state = 0;
            foreach (var token in history)
                state += token % 3 == 0 ? 1 : 0;
            var masked = logits.ToArray();
            for (var token = 0; token < masked.Length; token++)
            {
                if (token % 5 == state % 5)
                    masked[token] = float.NegativeInfinity;
            }

            return inner.Choose(masked, history, position, isGuess);
        }
    }
}
