namespace Ouro.Cli.Bench;

/// <summary>What is done again and again while it is timed.</summary>
enum Work
{
    /// <summary>New tokens through all loops, and what each of them would say.</summary>
    Decode,

    /// <summary>A prompt through all loops, and what its last token would say.</summary>
    Prefill,
}

/// <summary>One line of the table.</summary>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Rows">Tokens that go through each pass together; of a prefill, the tokens of the prompt.</param>
/// <param name="Depth">Tokens of context whose keys and values lie in the cache before.</param>
/// <param name="Loops">Passes over the stack that every token takes.</param>
sealed record Workload(Work Work, int Threads, int Rows, int Depth, int Loops)
{
    /// <summary>What was asked for, without a full product: every loop count meets every depth with one row; more rows, and the prompt, the first loop count.</summary>
    /// <param name="prefill">Tokens of the prompt; 0 leaves it out.</param>
    public static IReadOnlyList<Workload> Plan(int[] threads, int[] rows, int prefill, int[] depths, int[] loops)
    {
        var plan = new List<Workload>();
        foreach (var count in threads)
        {
            foreach (var loop in loops)
                plan.AddRange(depths.Select(depth => new Workload(Work.Decode, count, rows[0], depth, loop)));
            plan.AddRange(rows.Skip(1).Select(more => new Workload(Work.Decode, count, more, depths[0], loops[0])));
            if (prefill > 0)
                plan.Add(new Workload(Work.Prefill, count, prefill, 0, loops[0]));
        }

        return plan;
    }

    /// <summary>In a few words, for whoever waits.</summary>
    public override string ToString()
        => $"{(Work == Work.Decode ? "decode" : "prefill")}, {Rows} row{(Rows == 1 ? "" : "s")}, {Loops} loop{(Loops == 1 ? "" : "s")}"
            + $"{(Depth > 0 ? $", {Depth} tokens of context" : "")}, {Threads} thread{(Threads == 1 ? "" : "s")}";
}
