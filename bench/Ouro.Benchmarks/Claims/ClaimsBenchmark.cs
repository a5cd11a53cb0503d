namespace Ouro.Benchmarks.Claims;

/// <summary>The paper's claims at a scale that two cores finish: trains the recipes of <c>recipes/claims</c> and says what came out.</summary>
static class ClaimsBenchmark
{
    /// <summary>Where the tables go.</summary>
    public const string Document = "CLAIMS.md";

    public static readonly string[] All = [DepthClaim.Mano.Name, DepthClaim.MultiHop.Name, "capo"];

    public static void Run(string[] claims, ClaimTraining training, bool write)
    {
        foreach (var claim in claims)
        {
            if (claim == "capo")
                new KnowledgeBenchmark(training).Run(write);
            else
                new DepthBenchmark(claim == DepthClaim.Mano.Name ? DepthClaim.Mano : DepthClaim.MultiHop, training).Run(write);
        }
    }

    /// <summary>What was run, in a sentence.</summary>
    public static string Scale(ClaimTraining training, ClaimRun largest)
    {
        var share = training.TokensScale == 1 ? "as the recipes say" : FormattableString.Invariant($"{training.TokensScale:0.###} of what the recipes say");
        return FormattableString.Invariant($"Seeds 1 to {training.Seeds}; tokens: {share} ({largest.Tokens:N0} for {largest.Shape}).");
    }
}
