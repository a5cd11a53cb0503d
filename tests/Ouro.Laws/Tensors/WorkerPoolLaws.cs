using Ouro.Tensors;

namespace Ouro.Laws.Tensors;

public sealed class WorkerPoolLaws
{
    [Theory]
    [InlineData(1, 1000, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(2, 1000, 1)]
    [InlineData(3, 1000, 7)]
    [InlineData(8, 1000, 64)]
    [InlineData(8, 3, 1)]
    public void Every_item_is_done_exactly_once(int threads, int items, int grain)
    {
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 200; round++)
        {
            var done = new int[items];

            pool.Run(new Counting(done), items, grain);

            done.ShouldAllBe(count => count == 1);
        }
    }

    [Theory]
    [InlineData(2, 1000, 8)]
    [InlineData(3, 999, 7)]
    [InlineData(16, 100, 3)]
    public void Chunks_begin_at_multiples_of_the_grain(int threads, int items, int grain)
    {
        // Rows are coded in tiles of several: a chunk that began inside one would write codes where nobody looks for them.
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 20; round++)
        {
            var starts = new System.Collections.Concurrent.ConcurrentBag<int>();

            pool.Run(new Beginning(starts), items, grain);

            starts.ShouldAllBe(start => start % grain == 0);
        }
    }

    [Theory]
    [InlineData(2, 1000, 1)]
    [InlineData(4, 1000, 7)]
    [InlineData(4, 5, 1)]
    public void A_thread_that_is_put_aside_holds_up_only_the_chunk_it_has_begun(int threads, int items, int grain)
    {
        using var pool = new WorkerPool(threads);
        var done = new int[items];

        pool.Run(new FirstChunkWaits(done), items, grain);

        done.ShouldAllBe(count => count == 1);
    }

    [Fact]
    public void No_items_are_no_work()
    {
        using var pool = new WorkerPool(2);
        var done = new int[1];

        pool.Run(new Counting(done), 0, 1);

        done[0].ShouldBe(0);
    }

    [Fact]
    public void Callers_on_several_threads_take_turns()
    {
        using var pool = new WorkerPool(3);

        Parallel.For(0, 8, _ =>
        {
            for (var round = 0; round < 50; round++)
            {
                var done = new int[100];
                pool.Run(new Counting(done), done.Length, 3);
                done.ShouldAllBe(count => count == 1);
            }
        });
    }

    [Fact]
    public void What_goes_wrong_on_a_worker_is_thrown_where_the_work_was_asked_for()
    {
        using var pool = new WorkerPool(4);

        Should.Throw<InvalidOperationException>(() => pool.Run(new Failing(), 1000, 1)).Message.ShouldBe("item 500");

        var done = new int[10];
        pool.Run(new Counting(done), 10, 1);
        done.ShouldAllBe(count => count == 1, "the pool works on after a failure");
    }

    [Fact]
    public void A_pool_that_slept_wakes_up()
    {
        using var pool = new WorkerPool(2);
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        for (var round = 0; round < 20 && seen.Count < 2; round++)
        {
            Thread.Sleep(20);
            pool.Run(new Noting(seen), 64, 1);
        }

        seen.Count.ShouldBe(2, "the second thread should have taken part at least once");
    }

    [Fact]
    public void A_caller_that_fell_asleep_waiting_for_the_last_thread_is_woken()
    {
        using var pool = new WorkerPool(3);
        for (var round = 0; round < 50; round++)
        {
            var done = new int[3];

            pool.Run(new SlowElsewhere(Environment.CurrentManagedThreadId, done), done.Length, 1);

            done.ShouldAllBe(count => count == 1);
        }
    }

    [Fact]
    public void A_disposed_pool_refuses_work()
    {
        var pool = new WorkerPool(2);
        pool.Dispose();

        Should.Throw<ObjectDisposedException>(() => pool.Run(new Counting(new int[10]), 10, 1));
    }

    [Fact]
    public void Work_that_shares_out_work_on_its_own_pool_is_refused_and_not_left_waiting()
    {
        using var pool = new WorkerPool(2);

        Should.Throw<InvalidOperationException>(() => pool.Run(new Nesting(pool), 64, 1)).Message.ShouldContain("same pool");

        var done = new int[10];
        pool.Run(new Counting(done), 10, 1);
        done.ShouldAllBe(count => count == 1, "the pool works on after a refusal");
    }

    readonly struct Nesting(WorkerPool pool) : IRangeWork
    {
        public void Do(int from, int to) => pool.Run(new Counting(new int[100]), 100, 1);
    }

    readonly struct SlowElsewhere(int caller, int[] done) : IRangeWork
    {
        public void Do(int from, int to)
        {
            if (Environment.CurrentManagedThreadId != caller)
                Thread.Sleep(1);
            for (var i = from; i < to; i++)
                Interlocked.Increment(ref done[i]);
        }
    }

    readonly struct Counting(int[] done) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var i = from; i < to; i++)
                Interlocked.Increment(ref done[i]);
        }
    }

    /// <summary>Whoever has the first item does not go on before all items outside its chunk are done.</summary>
    readonly struct FirstChunkWaits(int[] done) : IRangeWork
    {
        public void Do(int from, int to)
        {
            var (all, end) = (done, to);
            if (from == 0)
                SpinWait.SpinUntil(() => all.Skip(end).All(count => count == 1), TimeSpan.FromSeconds(20)).ShouldBeTrue("the other threads should have taken the rest");
            for (var i = from; i < to; i++)
                Interlocked.Increment(ref done[i]);
        }
    }

    readonly struct Beginning(System.Collections.Concurrent.ConcurrentBag<int> starts) : IRangeWork
    {
        public void Do(int from, int to) => starts.Add(from);
    }

    readonly struct Failing : IRangeWork
    {
        public void Do(int from, int to)
        {
            if (from <= 500 && 500 < to)
                throw new InvalidOperationException("item 500");
        }
    }

    readonly struct Noting(System.Collections.Concurrent.ConcurrentDictionary<int, bool> seen) : IRangeWork
    {
        public void Do(int from, int to)
        {
            seen[Environment.CurrentManagedThreadId] = true;
            Thread.Sleep(1);
        }
    }
}
