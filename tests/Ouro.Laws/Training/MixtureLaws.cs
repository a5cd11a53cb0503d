using Ouro.Training.Data;

namespace Ouro.Laws.Training;

public sealed class MixtureLaws
{
    /// <summary>Examples of 2 to 11 tokens that name their source and number.</summary>
    sealed class Numbered(int source) : IExampleSource
    {
        public Example this[long number] => new([source, .. Enumerable.Repeat((int)number, 1 + (int)(number * 7 % 10))]);
    }

    static Mixture Mixture(ulong seed = 1) => new(seed, new Part(new Numbered(0), 1), new Part(new Numbered(1), 0), new Part(new Numbered(2), 3));

    static Batches Batches() => new(Mixture(), rows: 24, longest: 9);

    [Fact]
    public void Each_source_has_its_share_and_gives_its_examples_in_order()
    {
        const int Count = 40_000;
        var mixture = Mixture();
        var next = new long[3];
        for (var n = 0; n < Count; n++)
        {
            var ids = mixture.Next().Ids;
            ids[1].ShouldBe((int)next[ids[0]]++);
        }

        mixture.State.ShouldBe(next);
        next[1].ShouldBe(0);
        Math.Abs(next[0] - (Count / 4)).ShouldBeLessThan(5 * (long)Math.Sqrt(Count * 0.25 * 0.75));   // five standard deviations
    }

    [Fact]
    public void A_mixture_resumes_where_it_was()
    {
        var whole = Mixture();
        for (var n = 0; n < 100; n++)
            whole.Next();
        var resumed = Mixture();
        resumed.State = whole.State;

        Enumerable.Range(0, 100).Select(_ => whole.Next().Ids).ShouldBe(Enumerable.Range(0, 100).Select(_ => resumed.Next().Ids));
    }

    [Fact]
    public void Batches_that_resume_equal_those_that_were_not_interrupted()
    {
        var whole = Batches();
        for (var n = 0; n < 60; n++)
        {
            var resumed = Batches();
            resumed.State = whole.State;
            var (expected, actual) = (whole.Next(), resumed.Next());

            actual.Inputs.ShouldBe(expected.Inputs);
            actual.Targets.ShouldBe(expected.Targets);
            actual.Segments.ShouldBe(expected.Segments);
        }
    }

    [Fact]
    public void Batches_hold_the_examples_of_the_mixture_whole_and_as_many_as_fit()
    {
        var (batches, mixture) = (Batches(), Mixture());
        var next = mixture.Next();
        for (var n = 0; n < 200; n++)
        {
            var batch = batches.Next();
            batch.Inputs.Length.ShouldBeLessThanOrEqualTo(24);
            foreach (var segment in batch.Segments)
            {
                var rows = int.Min(9, next.RowCount);
                segment.Length.ShouldBe(rows);
                batch.Inputs[segment.Start..(segment.Start + rows)].ShouldBe(next.Ids[..rows]);
                batch.Targets[segment.Start..(segment.Start + rows)].ShouldBe(next.Ids[1..(rows + 1)]);
                next = mixture.Next();
            }

            (batch.Inputs.Length + int.Min(9, next.RowCount)).ShouldBeGreaterThan(24);
        }

        batches.CutCount.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Wrong_weights_and_states_are_refused()
    {
        Should.Throw<ArgumentException>(() => new Mixture(1));
        Should.Throw<ArgumentException>(() => new Mixture(1, new Part(new Numbered(0), 0)));
        Should.Throw<ArgumentException>(() => new Mixture(1, new Part(new Numbered(0), double.NaN)));
        Should.Throw<ArgumentException>(() => Mixture().State = [1]);
        Should.Throw<ArgumentException>(() => Mixture().State = [1, -1, 0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(5000)]
    public void A_permutation_has_every_number_once_and_differs_by_stream(int count)
    {
        var orders = Enumerable.Range(0, 2).Select(stream => Enumerable.Range(0, count).Select(i => new Permutation(5, stream, count)[i]).ToArray()).ToArray();

        orders[0].Order().ShouldBe(Enumerable.Range(0, count).Select(i => (long)i));
        if (count < 10)
            return;
        orders[0].ShouldNotBe(orders[1]);
        orders[0].Where((number, place) => number == place).Count().ShouldBeLessThan(10);   // one is expected
    }

    [Fact]
    public void Rows_that_are_only_read_have_no_target()
    {
        var batch = TokenBatch.Of([new Example([1, 2, 3, 4, 5], FirstTarget: 2, Asked: [true, true, true, false, true]), new Example([6, 7])]);

        batch.Inputs.ShouldBe([1, 2, 3, 4, 6]);
        batch.Targets.ShouldBe([TokenBatch.NoTarget, 3, TokenBatch.NoTarget, 5, 7]);
    }
}
