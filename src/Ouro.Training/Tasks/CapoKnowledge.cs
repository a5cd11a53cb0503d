using Ouro.Text;
using Ouro.Training.Data;

namespace Ouro.Training.Tasks;

/// <summary>How many bits of the people's values a model has learnt.</summary>
/// <remarks>
/// Every person is told once, in a round that no training comes to, so order and wording are new; the model is asked for the tokens that spell values only.
/// Source: arXiv:2404.05405, which counts names too; here they are given.
/// </remarks>
public static class CapoKnowledge
{
    /// <summary>A round that would take millions of millions of documents to reach.</summary>
    const long UnseenRound = 1L << 32;

    /// <summary>Bits learnt of all people's values, 0 to <see cref="Capo.ValueBits"/>, as read after each loop.</summary>
    /// <param name="run">Of the model.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="rowsAtOnce">About how many tokens go through the model together; changes no result but for rounding.</param>
    /// <returns>[T].</returns>
    public static double[] LearntBits(TrainingRun run, Capo capo, Tokenizer tokenizer, int rowsAtOnce = 2048)
    {
        LossReport? sums = null;
        var (some, rows) = (new List<Example>(), 0);
        for (var person = 0L; person < capo.People; person++)
        {
            var example = ValuesOf(Capo.Encode(capo[(UnseenRound * capo.People) + person], tokenizer));
            some.Add(example);
            rows += example.RowCount;
            if (rows < rowsAtOnce && person < capo.People - 1)
                continue;

            var report = run.Evaluate(TokenBatch.Of(some), new Objective.EntropyRegularised(0));
            if (sums is null)
                sums = report;
            else
                sums.Add(report);
            some.Clear();
            rows = 0;
        }

        var perPerson = (double)sums!.Targets / capo.People;
        return [.. Enumerable.Range(1, sums.Loops).Select(loop => capo.LearntBits(sums.LossAfter(loop) * perPerson))];
    }

    static Example ValuesOf(CapoTokens tokens)
    {
        var asked = new bool[tokens.Example.Ids.Length];
        foreach (var span in tokens.Spans)
            asked.AsSpan(span).Fill(true);
        return tokens.Example with { FirstTarget = 1, Asked = asked };
    }
}
