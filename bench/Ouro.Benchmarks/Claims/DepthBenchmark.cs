using System.Globalization;
using Ouro.Tensors;
using Ouro.Training;
using Ouro.Training.Data;

namespace Ouro.Benchmarks.Claims;

/// <summary>Whether looping helps where answers take steps, and whether the gate knows how many.</summary>
sealed class DepthBenchmark(DepthClaim claim, ClaimTraining training)
{
    /// <summary>The threshold that sentences speak of.</summary>
    const double Middle = 0.5;

    /// <summary>By how much the best model must beat the most frequent answer before anything is concluded.</summary>
    const double Learnt = 0.05;

    const string NothingLearnt = "no model learnt it";

    static readonly double[] Thresholds = [0.05, 0.1, 0.2, 0.3, Middle, 0.7, 0.8, 0.9, 0.95];

    public void Run(bool write)
    {
        var report = new Report($"claims-{claim.Name}", ClaimsBenchmark.Document);
        var shapes = training.Train(claim.Name).Select(Shape.Of(claim)).ToArray();
        var looped = shapes.Single(shape => shape.Loops > 1);
        var shallow = shapes.Single(shape => shape.Loops == 1 && shape.Layers == looped.Layers);
        var deep = shapes.Single(shape => shape.Loops == 1 && shape.Layers == looped.Layers * looped.Loops);
        var examples = claim.Ask(looped.Runs[0].Recipe).ToArray();

        report.Note(ClaimsBenchmark.Scale(training, looped.Runs[0]) + " " + claim.Note);
        report.Add("claims", Verdicts(shallow, looped, deep, examples));
        report.Add("shapes", ByShape(shapes, examples));
        report.Note("Exact answers after the last loop: the mean over seeds, and in brackets from the worst to the best. Minutes are of training, one run.");
        report.Add("depths", ByDepth(looped));
        report.Note($"The model of {looped.Name} after the gate's stage. \"Fixed depths there\" is the straight line between the two fixed depths around the same mean depth. Keys and values are complete (policy exact).");
        report.Add("steps", BySteps(looped));
        report.Note(string.Create(CultureInfo.InvariantCulture, $"The same by {claim.Steps}; the gate's threshold is {Middle}."));
        var pictures = new DepthPictures(claim, Middle);
        foreach (var (name, says, svg) in pictures.Of(shapes, looped, Thresholds))
            report.Picture($"docs/claims/{claim.Name}-{name}.svg", says, svg);
        report.Keep("raw", Raw(shapes));
        report.Finish(write);
    }

    Table Verdicts(Shape shallow, Shape looped, Shape deep, Example[] examples)
    {
        var table = new Table(new("claim"), new("the paper"), new("here"), new("agrees"));
        var (least, most) = (looped.Steps.Min(), looped.Steps.Max());
        foreach (int? steps in new int?[] { most, null })
        {
            var asked = examples.Where(example => steps is null || claim.StepsOf(example) == steps).ToArray();
            var (few, many, plain) = (shallow.Last(steps), looped.Last(steps), deep.Last(steps));
            var isLearnt = new[] { few, many, plain }.Max(sample => sample.Mean) > DepthClaim.Guessed(asked) + Learnt;
            var where = steps is { } number ? $"{number} {claim.Steps}" : "all questions";
            table.Add(
                $"equal parameters, {where}: looped answers more", claim.PaperOnParameters, Beside(looped, many, shallow, few),
                isLearnt ? Agrees(many.IsAbove(few), few.IsAbove(many)) : NothingLearnt);
            var verdict = plain.IsAbove(many) ? "no, deep is better" : many.IsAbove(plain) ? "yes, looped is better" : "yes, no difference beyond seeds";
            table.Add($"equal layers run, {where}: looped comes close", claim.PaperOnDepth, Beside(looped, many, deep, plain), isLearnt ? verdict : NothingLearnt);
        }

        var (early, late) = (looped.At(scores => scores.AtThreshold(Middle, least).MeanDepth), looped.At(scores => scores.AtThreshold(Middle, most).MeanDepth));
        table.Add(
            $"more {claim.Steps} exit later (threshold 0.5)", "simple inputs are to exit early, hard ones late",
            $"{early.Text("0.00")} loops for {least}, {late.Text("0.00")} for {most}", Agrees(late.IsAbove(early), early.IsAbove(late)));
        var gain = looped.At(scores => Gain(scores, Middle));
        table.Add(
            "the gate beats fixed depths at its mean depth (threshold 0.5)", "MMLU: about 66 % at 2.5 loops, where fixed depths have about 60 % (2 loops) and 67 % (4)",
            $"{gain.Text("+0.0;-0.0;0.0", 0.01)} points at {looped.At(scores => scores.AtThreshold(Middle).MeanDepth).Text("0.00")} loops",
            Agrees(gain.Mean > gain.Spread, gain.Mean < -gain.Spread));
        return table;

        static string Beside(Shape one, Sample ofOne, Shape other, Sample ofOther) => $"{ofOne.Percent()} % ({one.Name}), {ofOther.Percent()} % ({other.Name})";
    }

    static string Agrees(bool above, bool below) => above ? "yes" : below ? "no, the other way round" : "no difference beyond seeds";

    static double Gain(Scores scores, double threshold)
        => scores.AtThreshold(threshold) is var score ? score.Share - scores.FixedShareAt(score.MeanDepth) : 0;

    Table ByShape(Shape[] shapes, Example[] examples)
    {
        var steps = shapes[0].Steps;
        var table = new Table([
            new("layers x loops"), new("parameters", "N0"), new("layers run", "0"), new("minutes", "0.0"), .. steps.Select(number => new Column(claim.Heading(number))), new("all, %"),
        ]);
        foreach (var shape in shapes)
        {
            table.Add([
                shape.Name, shape.Runs[0].Config.ParameterCount, shape.Runs[0].Unrolled, Sample.Of(shape.Runs, run => run.Seconds / 60).Mean,
                .. steps.Select(number => shape.Last(number).Percent()), shape.Last(null).Percent(),
            ]);
        }

        var byStep = examples.ToLookup(claim.StepsOf);
        table.Add([
            "the most frequent answer", null, null, null,
            .. steps.Select(number => new Sample([DepthClaim.Guessed([.. byStep[number]])]).Percent()), new Sample([DepthClaim.Guessed(examples)]).Percent(),
        ]);
        return table;
    }

    static Table ByDepth(Shape looped)
    {
        var table = new Table(new("read"), new("mean depth"), new("exact, %"), new("fixed depths there, %"), new("gain, points"));
        for (var depth = 1; depth <= looped.Loops; depth++)
        {
            var loop = depth;
            table.Add($"after loop {loop}", $"{loop}", looped.At(scores => scores.AtDepth(loop).Share).Percent(), null, null);
        }

        foreach (var threshold in Thresholds)
        {
            table.Add(
                string.Create(CultureInfo.InvariantCulture, $"threshold {threshold}"), looped.At(scores => scores.AtThreshold(threshold).MeanDepth).Text("0.00"),
                looped.At(scores => scores.AtThreshold(threshold).Share).Percent(), looped.At(scores => scores.FixedShareAt(scores.AtThreshold(threshold).MeanDepth)).Percent(),
                looped.At(scores => Gain(scores, threshold)).Text("+0.0;-0.0;0.0", 0.01));
        }

        return table;
    }

    Table BySteps(Shape looped)
    {
        var loops = Enumerable.Range(1, looped.Loops);
        var table = new Table([new(claim.Steps, "0"), .. loops.Select(loop => new Column($"after loop {loop}, %")), new("with the gate, %"), new("mean depth")]);
        foreach (var steps in looped.Steps)
        {
            table.Add([
                steps, .. loops.Select(loop => looped.At(scores => scores.AtDepth(loop, steps).Share).Percent()),
                looped.At(scores => scores.AtThreshold(Middle, steps).Share).Percent(), looped.At(scores => scores.AtThreshold(Middle, steps).MeanDepth).Text("0.00"),
            ]);
        }

        return table;
    }

    Table Raw(Shape[] shapes)
    {
        var table = new Table(new("shape"), new("seed", "0"), new(claim.Steps, "0"), new("read"), new("asked", "0"), new("exact", "0"), new("mean depth", "0.000"));
        foreach (var shape in shapes)
            foreach (var (run, scores) in shape.Runs.Zip(shape.Scores))
                foreach (int? steps in (IEnumerable<int?>)[null, .. shape.Steps])
                {
                    for (var loop = 1; loop <= shape.Loops; loop++)
                        Add($"loop {loop}", scores.AtDepth(loop, steps));
                    foreach (var threshold in shape.Loops > 1 ? scores.Thresholds : [])
                        Add(string.Create(CultureInfo.InvariantCulture, $"threshold {threshold}"), scores.AtThreshold(threshold, steps));

                    void Add(string read, Score score) => table.Add(shape.Name, (int)run.Recipe.Seed, steps, read, score.Asked, score.Exact, score.MeanDepth);
                }

        return table;
    }

    /// <summary>A recipe under all seeds, and what its models answer.</summary>
    internal sealed record Shape(ClaimRun[] Runs, Scores[] Scores)
    {
        public string Name => Runs[0].Shape;

        public int Layers => Runs[0].Config.Layers;

        public int Loops => Runs[0].Config.Loops;

        public IReadOnlyCollection<int> Steps => Scores[0].Groups;

        public static Func<ClaimRun[], Shape> Of(DepthClaim claim) => runs => new Shape(runs, [.. runs.Select(run => Asked(run, claim))]);

        public Sample At(Func<Scores, double> number) => Sample.Of(Scores, number);

        /// <summary>Exact answers after the last loop.</summary>
        public Sample Last(int? steps) => At(scores => scores.AtDepth(Loops, steps).Share);

        static Scores Asked(ClaimRun run, DepthClaim claim)
        {
            using var backend = new CpuBackend();
            var scores = new Scores(run.Config.Loops, Thresholds);
            scores.Ask(new TrainingRun(run.Model, backend), claim.Ask(run.Recipe), claim.StepsOf);
            return scores;
        }
    }
}
