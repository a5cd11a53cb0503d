using System.Text.Json;
using Ouro.Chat;
using Ouro.Generation;
using Ouro.Laws.Generation;
using Ouro.Laws.Text;
using Ouro.Model;
using Ouro.Text;

namespace Ouro.Laws.Chat;

public sealed class ConstrainedChooserLaws
{
    const int ThinkEnd = 4;     // of the published vocabulary
    const int TurnEnd = 2;

    static readonly Lazy<TokenTrie> Trie = new(() => new TokenTrie(TextSamples.Real));

    static int Tokens => TextSamples.Real.Vocabulary.Count;

    [Fact]
    public void A_mask_holds_just_the_tokens_whose_bytes_go_on_one_after_the_other()
    {
        var random = TextSamples.Random(40);
        var some = SchemaSamples.All.Where((_, i) => i % 9 == 0);
        foreach (var schema in some)
        {
            var grammar = Grammar.FromSchema(schema);
            var text = GrammarWalk.Text(grammar, Trie.Value, random, tokens: 6);
            var states = new GrammarStates(grammar);
            var state = states.Next(states.Start, text.AsSpan(0, random.Next(text.Length + 1)));
            var allowed = GrammarWalk.Allowed(new MaskCache(Trie.Value, states, 0)[state]);

            var expected = Enumerable.Range(0, Tokens)
                .Where(id => TextSamples.Real.Vocabulary.Kinds[id] != TokenKind.Special && !states.Next(state, TextSamples.Real.BytesOf(id)).IsDead);

            allowed.ShouldBe(expected, schema.GetRawText());
        }
    }

    [Fact]
    public void What_is_allowed_follows_from_the_history_in_whatever_order_histories_come()
    {
        var random = TextSamples.Random(41);
        int[] prompt = [1, 4093, 198];
        var text = TextSamples.Real.Encode("""{"name": "Ann \"A\" é😀", "tags": ["x", "y"], "n": -12.5}""");
        int[] whole = [.. prompt, .. text, TurnEnd];
        var schema = JsonElement.Parse("""{"type":"object","properties":{"name":{"type":"string","maxLength":20},"tags":{"items":{"type":"string"}},"n":{"type":"number"}}}""");
        var constraint = new Constraint(Grammar.FromSchema(schema), Trie.Value, prompt.Length) { CacheBytes = 40_000 };
        var expected = Enumerable.Range(0, text.Length + 1).Select(length => new Seen(constraint).At(whole.AsSpan(0, prompt.Length + length))).ToArray();

        var seen = new Seen(constraint);
        for (var i = 0; i < 300; i++)
        {
            var length = random.Next(text.Length + 1);
            if (random.Next(2) == 0)
            {
                // A guess that may be wrong, and something built on it.
                int[] guessed = [.. whole[..(prompt.Length + length)], random.Next(Tokens), random.Next(Tokens)];
                try
                {
                    seen.At(guessed);
                }
                catch (InvalidDataException)
                {
                }
            }

            seen.At(whole.AsSpan(0, prompt.Length + length)).ShouldBe(expected[length], $"after {length}");
            seen.Chooser.IsComplete(whole.AsSpan(0, prompt.Length + length)).ShouldBe(length == text.Length);
        }

        seen.Chooser.IsComplete(whole).ShouldBeTrue();
        seen.Chooser.BytesToGo(whole.AsSpan(0, prompt.Length)).ShouldBe(2);
        expected[^1].ShouldBe(constraint.Stops);
        Should.Throw<InvalidDataException>(() => seen.At(whole)).Message.ShouldContain("has ended");
    }

    [Fact]
    public void Reasoning_is_free_until_its_end_and_the_answer_is_not()
    {
        var constraint = new Constraint(Grammar.AnyJson(), Trie.Value, 1) { StartsAfter = ThinkEnd };
        var seen = new Seen(constraint);
        int[] thinking = [1, .. TextSamples.Real.Encode("Well, {"), TurnEnd];

        seen.At(thinking).Length.ShouldBe(Tokens);
        seen.Chooser.IsComplete(thinking).ShouldBeFalse();
        seen.Chooser.BytesToGo(thinking).ShouldBeNull();

        var first = seen.At([.. thinking, ThinkEnd]);
        first.ShouldNotContain(ThinkEnd);
        first.ShouldNotContain(TurnEnd);
        first.ShouldContain(TextSamples.Real.Encode("{").Single());
        first.ShouldContain(TextSamples.Real.Encode("\n").Single());
        first.ShouldAllBe(id => TextSamples.Real.Decode(new[] { id }, ShownSpecials.All).TrimStart('\n', ' ').StartsWith('{') || string.IsNullOrWhiteSpace(TextSamples.Real.Decode(new[] { id }, ShownSpecials.All)));

        int[] answered = [.. thinking, ThinkEnd, .. TextSamples.Real.Encode("\n{}")];
        seen.At(answered).ShouldBe(constraint.Stops);
        seen.Chooser.IsComplete(answered).ShouldBeTrue();
    }

    [Fact]
    public void What_no_token_can_spell_is_said_in_a_sentence()
    {
        // The published vocabulary has no token for this control character.
        var constraint = new Constraint(Grammar.Literal("a\u0004"), Trie.Value, 0);
        var seen = new Seen(constraint);

        Should.Throw<InvalidDataException>(() => seen.At(TextSamples.Real.Encode("a"))).Message.ShouldContain("no token of this model's vocabulary");
        Should.Throw<InvalidDataException>(() => seen.At([5, 6])).Message.ShouldContain("does not have the form");
        Should.Throw<InvalidDataException>(() => new Seen(constraint with { Grammar = Grammar.Literal(""), Stops = [] }).At([])).Message.ShouldContain("no token that ends it");
    }

    [Fact]
    public void Damaged_logits_are_reported_and_not_replaced()
    {
        var chooser = new ConstrainedChooser(new Sampler(SamplingOptions.Greedy, Tokens), new Constraint(Grammar.AnyJson(), Trie.Value, 0));

        Should.Throw<InvalidDataException>(() => chooser.Choose(Enumerable.Repeat(float.NaN, Tokens).ToArray(), [], 0)).Message.ShouldContain("not a number");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Guessing_ahead_changes_no_constrained_reply_and_every_one_fits(int seed)
    {
        var path = Repository.Path("models/ouro-nano.gguf");
        using var open = new OpenModel(path);
        using var checkpoint = OuroCheckpoint.Open(path);
        var tokenizer = new Tokenizer(ModelVocabulary.Find(checkpoint.Gguf, checkpoint.Folder)!);
        var prompt = new ChatMl(tokenizer).Encode([new ChatMessage(ChatMessage.User, "Sort 52814.")], NextTurn.Assistant);
        var schema = JsonElement.Parse(
            """{"type":"object","properties":{"answer":{"type":"string","pattern":"^[0-9]{1,6}$"},"sure":{"type":"boolean"},"steps":{"type":"array","items":{"type":"integer","minimum":0,"maximum":99},"maxItems":4},"kind":{"enum":["sort","copy"]}},"required":["answer","sure","steps","kind"]}""");
        var trie = new TokenTrie(tokenizer);

        (int[] Reply, long Kept, bool IsComplete) Write(int draftLoops)
        {
            var constraint = new Constraint(Grammar.FromSchema(schema), trie, prompt.Length);
            var chooser = new ConstrainedChooser(new Sampler(new SamplingOptions { Seed = seed, Temperature = 0.7 }, open.Model.Config.Vocabulary), constraint);
            using var session = new Session(open.Model, new SequenceOptions(new ExitRule(open.Model.Config.Loops), 512) { DraftLoops = draftLoops });
            session.Feed(prompt);
            int[] reply = [.. session.Write(chooser, 300, tokenizer.Vocabulary.StopIds.ToHashSet()).Select(token => token.Id)];
            return (reply, session.Counters.GuessesKept, chooser.IsComplete([.. prompt, .. reply]));
        }

        var plain = Write(draftLoops: 0);
        var ahead = Write(draftLoops: 1);

        ahead.Reply.ShouldBe(plain.Reply);
        (plain.Kept, plain.IsComplete, ahead.IsComplete).ShouldBe((0, true, true));
        ahead.Kept.ShouldBeGreaterThan(5);
        tokenizer.Vocabulary.StopIds.ShouldContain(plain.Reply[^1]);
        using var document = JsonDocument.Parse(tokenizer.Decode(plain.Reply.AsSpan(0, plain.Reply.Length - 1)));
        new SchemaCheck(schema).Fits(document.RootElement).ShouldBeTrue(document.RootElement.GetRawText());
    }

    /// <summary>Looks at what a chooser offers the one inside it.</summary>
    sealed class Seen : ITokenChooser
    {
        static readonly float[] Even = new float[Tokens];

        int[] _offered = [];

        public Seen(Constraint constraint) => Chooser = new ConstrainedChooser(this, constraint);

        public ConstrainedChooser Chooser { get; }

        /// <summary>The tokens that may follow.</summary>
        public int[] At(ReadOnlySpan<int> history)
        {
            Chooser.Choose(Even, history, history.Length);
            return _offered;
        }

        public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
        {
            var offered = new List<int>();
            for (var id = 0; id < logits.Length; id++)
            {
                if (!float.IsNaN(logits[id]))
                    offered.Add(id);
            }

            _offered = [.. offered];
            return _offered[0];
        }
    }
}
