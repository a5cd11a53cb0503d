using System.Text.RegularExpressions;
using Ouro.Text;
using Ouro.Training.Data;
using Ouro.Training.Tasks;
using Ouro.Training.Tasks.Nano;

namespace Ouro.Laws.Training;

public sealed partial class NanoLaws(ITestOutputHelper output)
{
    const int Many = 20_000;

    static readonly Lazy<Tokenizer> Trained = new(() => Train(new BpeTrainer()));

    static Tokenizer Train(BpeTrainer trainer)
    {
        var (tasks, text) = (new NanoTasks(1, Split.Train), new NanoText(2));
        return new Tokenizer(trainer.Train(Enumerable.Range(0, Many).Select(n => $"user\n{tasks[n].Question}\nassistant\n{tasks[n].Answer}")
            .Concat(Enumerable.Range(0, 1000).Select(n => text[n]))));
    }

    [Fact]
    public void An_item_depends_on_seed_and_number_alone()
    {
        var (first, second, other) = (new NanoTasks(7, Split.Train), new NanoTasks(7, Split.Train), new NanoTasks(8, Split.Train));

        Enumerable.Range(0, 500).Reverse().Select(n => first[n]).Reverse().ShouldBe(Enumerable.Range(0, 500).Select(n => second[n]));
        Enumerable.Range(0, 500).Count(n => first[n] == other[n]).ShouldBeLessThan(50);
        new NanoText(3)[5].ShouldBe(new NanoText(3)[5]);
    }

    [Fact]
    public void No_question_is_in_both_splits_whatever_the_seeds()
    {
        var (train, heldOut) = (new NanoTasks(1, Split.Train), new NanoTasks(2, Split.HeldOut));
        var trained = Enumerable.Range(0, Many).Select(n => train[n].Question).ToHashSet();

        Enumerable.Range(0, Many).Select(n => heldOut[n].Question).Where(trained.Contains).ShouldBeEmpty();
    }

    [Fact]
    public void Every_kind_has_questions_of_every_level_in_both_splits()
    {
        foreach (var kind in NanoTasks.AllKinds)
            for (var level = 1; level <= NanoTasks.LevelsOf(kind); level++)
                foreach (var split in Enum.GetValues<Split>())
                {
                    var tasks = new NanoTasks(3, split) { Kinds = [kind], LeastLevel = level, MostLevel = level };

                    Enumerable.Range(0, 20).Select(n => tasks[n]).ShouldAllBe(item => item.Kind == kind && item.Level == level);
                }
    }

    [Theory]
    [InlineData(Split.Train)]
    [InlineData(Split.HeldOut)]
    public void Every_answer_is_what_an_independent_reader_of_the_question_finds(Split split)
    {
        var tasks = new NanoTasks(4, split);
        foreach (var item in Enumerable.Range(0, 10_000).Select(n => tasks[n]))
            NanoAnswers.Find(item.Kind, item.Question).ShouldBe(item.Answer, $"{item.Kind}: {item.Question}");
    }

    [Fact]
    public void The_first_things_people_say_are_among_those_to_learn_from()
    {
        var tasks = new NanoTasks(5, Split.Train) { Kinds = ["talk"] };
        var questions = Enumerable.Range(0, 3000).Select(n => tasks[n].Question).ToHashSet();

        foreach (var said in new[] { "Hello.", "Hi.", "Who are you?", "What are you?", "What is your name?", "Thank you.", "How are you?", "What can you do?" })
            questions.ShouldContain(said);
    }

    [Fact]
    public void Texts_never_state_a_sum_that_is_held_out_in_every_wording()
    {
        var heldOut = new NanoTasks(6, Split.HeldOut) { Kinds = ["sum"], LeastLevel = 2 };
        var sums = Enumerable.Range(0, Many).Select(n => Sum().Match(heldOut[n].Question).Value).ToHashSet();
        var text = new NanoText(7);

        Enumerable.Range(0, 3000).SelectMany(n => StatedSum().Matches(text[n]).Select(match => match.Groups[1].Value)).ToHashSet()
            .ShouldSatisfyAllConditions(stated => stated.Count.ShouldBeGreaterThan(500), stated => stated.Where(sums.Contains).ShouldBeEmpty());
    }

    [Fact]
    public void The_world_has_few_words()
    {
        var (tasks, text) = (new NanoTasks(8, Split.Train), new NanoText(9));
        var words = Enumerable.Range(0, Many).SelectMany(n => Word().Matches($"{tasks[n].Question} {tasks[n].Answer}"))
            .Concat(Enumerable.Range(0, 1000).SelectMany(n => Word().Matches(text[n]))).Select(match => match.Value)
            .CountBy(word => word).Where(word => word.Value > 20).ToList();

        output.WriteLine($"{words.Count} words");
        words.Count.ShouldBeLessThan(300);
    }

    [Theory]
    [InlineData(512, true)]
    [InlineData(512, false)]
    [InlineData(768, true)]
    public void Questions_and_answers_are_short_in_tokens(int vocabulary, bool allBytes)
    {
        var tokenizer = Train(new BpeTrainer { VocabularySize = vocabulary, AllBytes = allBytes });
        var (tasks, text) = (new NanoTasks(10, Split.Train), new NanoText(11));
        var source = new ChatExamples(n => tasks[n], tokenizer);
        var sizes = Enumerable.Range(0, 5_000).Select(n => (tasks[n].Kind, source[n].RowCount, Answer: source[n].Ids.Length - source[n].FirstTarget)).ToList();
        foreach (var kind in sizes.GroupBy(size => size.Kind).Append(sizes.GroupBy(_ => "all").Single()))
            output.WriteLine($"{kind.Key,-8} rows mean {kind.Average(size => size.RowCount):F1} most {kind.Max(size => size.RowCount)}, "
                + $"targets mean {kind.Average(size => size.Answer):F1} most {kind.Max(size => size.Answer)}");
        var lengths = Enumerable.Range(0, 300).Select(n => tokenizer.Encode(text[n]).Length).ToList();
        output.WriteLine($"texts: tokens mean {lengths.Average():F1} most {lengths.Max()}");

        sizes.Max(size => size.RowCount).ShouldBeLessThan(128);
        sizes.Max(size => size.Answer).ShouldBeLessThan(30);
    }

    [Fact]
    public void A_chat_example_asks_for_the_answer_and_the_end_of_the_turn()
    {
        var tokenizer = Trained.Value;
        var item = new NanoTasks(12, Split.Train)[0];
        var example = new ChatExamples(_ => item, tokenizer)[0];

        tokenizer.Decode(example.Ids).ShouldBe($"<|im_start|>user\n{item.Question}<|im_end|>\n<|im_start|>assistant\n{item.Answer}<|im_end|>");
        tokenizer.Decode(example.Ids.AsSpan(example.FirstTarget)).ShouldBe($"{item.Answer}<|im_end|>");
        example.Ids[..example.FirstTarget].ShouldBe(new ChatMl(tokenizer).Encode([new("user", item.Question)], NextTurn.Assistant));
    }

    [Fact]
    public void A_chat_of_several_turns_asks_for_every_answer()
    {
        var tokenizer = Trained.Value;
        var (first, second) = (new NanoTasks(12, Split.Train)[0], new NanoTasks(12, Split.Train)[1]);
        var example = new ChatExamples(_ => first, tokenizer).Of(first, second);

        string Turn(TaskItem item) => $"<|im_start|>user\n{item.Question}<|im_end|>\n<|im_start|>assistant\n{item.Answer}<|im_end|>";
        tokenizer.Decode(example.Ids).ShouldBe($"{Turn(first)}\n{Turn(second)}");
        var asked = Enumerable.Range(0, example.Ids.Length).Where(example.IsTarget).Select(place => example.Ids[place]).ToArray();
        tokenizer.Decode(asked).ShouldBe($"{first.Answer}<|im_end|>{second.Answer}<|im_end|>");
        var prompt = new ChatMl(tokenizer).Encode([new("user", first.Question), new("assistant", first.Answer), new("user", second.Question)], NextTurn.Assistant);
        example.Ids[..prompt.Length].ShouldBe(prompt);

        var turns = Enumerable.Range(0, 60).Select(n => new ChatExamples(_ => first, tokenizer, turns: 3)[n].Ids.Count(id => id == 1)).ToArray();
        turns.Distinct().Order().ShouldBe([2, 4, 6]);
    }

    [Fact]
    public void Wrong_kinds_and_empty_ranges_of_levels_are_refused()
    {
        Should.Throw<ArgumentException>(() => new NanoTasks(1, Split.Train) { Kinds = ["x"] }).Message.ShouldContain("'x'");
        Should.Throw<InvalidOperationException>(() => new NanoTasks(1, Split.Train) { LeastLevel = 9 }[0]).Message.ShouldContain("level from 9");
    }

    [GeneratedRegex(@"\d+( [+-] \d+)+")]
    private static partial Regex Sum();

    [GeneratedRegex(@"(?:^|[.\n] ?)(\d+(?: [+-] \d+)+) = ")]
    private static partial Regex StatedSum();

    [GeneratedRegex("[A-Za-z]{2,}")]
    private static partial Regex Word();
}
