using Ouro.Text;
using Ouro.Training.Data;
using Ouro.Training.Tasks;

namespace Ouro.Laws.Training;

public sealed class TaskLaws
{
    const int Many = 20_000;

    static string Key(Example example) => string.Join(' ', example.Ids[..example.FirstTarget]);

    static void ShouldNotMeet(IExampleSource train, IExampleSource heldOut)
    {
        var trained = Enumerable.Range(0, Many).Select(n => Key(train[n])).ToHashSet();
        Enumerable.Range(0, Many).Select(n => Key(heldOut[n])).Where(trained.Contains).ShouldBeEmpty();
    }

    [Fact]
    public void Mano_answers_are_those_of_the_expression()
    {
        var mano = new Mano(1, Split.Train, prime: 23, mostOperators: 12);
        for (var n = 0; n < 3000; n++)
        {
            var ids = mano[n].Ids;
            var at = 2;
            var value = Evaluate();

            ids[at].ShouldBe(mano.EqualsMark);
            ids[at + 1].ShouldBe(value);
            (ids[1] - mano.FirstLength + 1).ShouldBe((at - 3) / 2);
            mano[n].FirstTarget.ShouldBe(ids.Length - 1);
            ids.ShouldAllBe(id => id >= 0 && id < mano.VocabularySize);

            int Evaluate()
            {
                var id = ids[at++];
                if (id < 23)
                    return id;
                var (left, right) = (Evaluate(), Evaluate());
                return (((id - 23) switch { 0 => left + right, 1 => left - right, _ => left * right } % 23) + 23) % 23;
            }
        }
    }

    [Fact]
    public void Mano_lengths_are_uniform_and_may_be_fixed()
    {
        var lengths = Enumerable.Range(0, Many).CountBy(n => new Mano(2, Split.HeldOut, mostOperators: 5)[n].Ids.Length).ToList();

        lengths.Count.ShouldBe(5);
        lengths.ShouldAllBe(length => Math.Abs(length.Value - (Many / 5)) < 400);
        Enumerable.Range(0, 100).Select(n => new Mano(2, Split.Train, mostOperators: 5) { LeastOperators = 5 }[n].Ids.Length).ShouldAllBe(length => length == 11 + 4);
    }

    [Fact]
    public void Mano_in_words_is_the_same_question()
    {
        var mano = new Mano(3, Split.Train);
        var item = mano.InWords(11);

        item.Answer.ShouldBe($"{mano[11].Ids[^1]}");
        item.Level.ShouldBe(mano[11].Ids[1] - mano.FirstLength + 1);
        item.Question.ShouldBe($"Modulo 23, what is {string.Join(' ', mano[11].Ids[2..^2].Select(id => id < 23 ? $"{id}" : "+-*"[(id - 23)..][..1]))}?");
    }

    [Fact]
    public void Mano_splits_do_not_meet() => ShouldNotMeet(new Mano(4, Split.Train), new Mano(5, Split.HeldOut));

    [Fact]
    public void Multi_hop_questions_follow_the_facts()
    {
        var world = new MultiHop(6);
        var facts = world.Facts(7);
        var known = new Dictionary<(int, int), int>();
        for (var n = 0; n < world.FactCount; n++)
            known.Add((facts[n].Ids[1], facts[n].Ids[2]), facts[n].Ids[4]);

        var questions = world.Questions(8, Split.HeldOut);
        known.Count.ShouldBe(8000);
        known.ShouldAllBe(fact => fact.Value / 100 == (fact.Key.Item1 / 100) + 1);
        for (var n = 0; n < 2000; n++)
        {
            var ids = questions[n].Ids;
            ids.Length.ShouldBe(7);
            ids[^1].ShouldBe(ids[2..5].Aggregate(ids[1], (entity, relation) => known[(entity, relation)]));
            ids.ShouldAllBe(id => id < world.VocabularySize);
        }
    }

    [Fact]
    public void Multi_hop_splits_do_not_meet()
    {
        var world = new MultiHop(9);

        ShouldNotMeet(world.Questions(10, Split.Train), world.Questions(11, Split.HeldOut));
    }

    [Fact]
    public void Capo_tells_every_person_once_in_a_round_with_the_same_values_in_other_words()
    {
        var capo = new Capo(12, people: 300);
        var rounds = Enumerable.Range(0, 2).Select(round => Enumerable.Range(round * 300, 300).Select(n => capo[n]).OrderBy(document => document.Person).ToList()).ToList();

        rounds[0].Select(document => document.Person).ShouldBe(Enumerable.Range(0, 300).Select(person => (long)person));
        rounds[0].Zip(rounds[1]).ShouldAllBe(pair => Values(pair.First).SetEquals(Values(pair.Second)));
        rounds[0].Zip(rounds[1]).Count(pair => pair.First.Text != pair.Second.Text).ShouldBeGreaterThan(280);
        rounds[0].Select(document => string.Join(' ', document.Text.Split(' ')[..3])).Distinct().Count().ShouldBe(300);
    }

    [Fact]
    public void Capo_counts_the_bits_of_its_choices()
    {
        var capo = new Capo(13, people: 20_000);
        var perPerson = Math.Log2(28.0 * 12 * 200 * 200 * 300 * 100 * 263);

        capo[0].Values.Sum(value => value.Bits).ShouldBe(perPerson, 1e-9);
        capo.ValueBits.ShouldBe(20_000 * perPerson, 1e-3);
        capo.LearntBits(perPerson * Math.Log(2)).ShouldBe(0, 1e-3);
        capo.LearntBits(0).ShouldBe(capo.ValueBits, 1e-6);
        capo.NameBits.ShouldBe(20_000 * Math.Log2(160_000_000.0 / 20_000), 1e-3);
    }

    [Fact]
    public void Capo_spans_are_the_tokens_that_spell_the_values()
    {
        var capo = new Capo(14, people: 50);
        foreach (var tokenizer in new[] { new Tokenizer(OuroVocabulary.Instance), new Tokenizer((new BpeTrainer()).Train(Enumerable.Range(0, 50).Select(n => capo[n].Text))) })
            for (var n = 0; n < 50; n++)
            {
                var document = capo[n];
                var (example, spans) = Capo.Encode(document, tokenizer);

                foreach (var (value, span) in document.Values.Zip(spans))
                    tokenizer.Decode(example.Ids[span]).Trim().ShouldBe(document.Text.Substring(value.Start, value.Length));
            }
    }

    static HashSet<string> Values(CapoDocument document)
        => [.. document.Values.Select(value => $"{value.Attribute} {document.Text.Substring(value.Start, value.Length)}")];
}
