using Ouro.Training.Recipes;

namespace Ouro.Benchmarks.Claims;

/// <summary>What <see cref="DepthBenchmark"/> found, drawn.</summary>
/// <param name="threshold">Of the picture of exits.</param>
sealed class DepthPictures(DepthClaim claim, double threshold)
{
    public IEnumerable<(string Name, string Says, string Svg)> Of(DepthBenchmark.Shape[] shapes, DepthBenchmark.Shape looped, double[] thresholds)
    {
        yield return ("accuracy", $"Exact answers against {claim.Steps}, a line for each number of layers and loops", Accuracy(shapes));
        yield return ("depth", "Exact answers against mean depth: fixed depths as a line, exit thresholds as points", Depth(looped, thresholds));
        yield return ("exits", $"Mean exit depth against {claim.Steps}", Exits(looped));
    }

    string Accuracy(DepthBenchmark.Shape[] shapes)
    {
        var picture = new Picture(
            $"{claim.Name}: exact answers, layers x loops", Across(shapes[0].Steps), new Axis("exact answers, % (mean and range over seeds)", 0, 1, 0.01));
        for (var i = 0; i < shapes.Length; i++)
        {
            var (colour, shape) = (Picture.Colour(i, shapes.Length), shapes[i]);
            Draw(picture, colour, shape.Steps, steps => shape.Last(steps), shape.Name);
        }

        return picture.Finish();
    }

    string Exits(DepthBenchmark.Shape looped)
    {
        var picture = new Picture(
            $"{claim.Name}: where {looped.Name} exits, threshold {threshold}", Across(looped.Steps), new Axis("mean depth, loops (mean and range over seeds)", 1, looped.Loops));
        Draw(picture, Picture.Colour(0, 2), looped.Steps, steps => looped.At(scores => scores.AtThreshold(threshold, steps).MeanDepth), "depth");
        return picture.Finish();
    }

    string Depth(DepthBenchmark.Shape looped, double[] thresholds)
    {
        var fixedDepths = Enumerable.Range(1, looped.Loops).Select(loop => looped.At(scores => scores.AtDepth(loop).Share)).ToArray();
        var byGate = looped.Scores.SelectMany(scores => thresholds.Select(one => scores.AtThreshold(one))).ToArray();
        var shares = fixedDepths.SelectMany(sample => sample.Values).Concat(byGate.Select(score => score.Share)).ToArray();
        var picture = new Picture(
            $"{claim.Name}: exact answers at a mean depth, {looped.Name}", new Axis("mean depth, loops", 1, looped.Loops),
            new Axis("exact answers, %", Math.Floor(shares.Min() * 20) / 20, Math.Ceiling(shares.Max() * 20) / 20, 0.01))
        {
            NameWidth = 100,
        };
        var (line, dots) = (Picture.Colour(0, 2), Picture.Colour(1, 2));
        for (var loop = 1; loop <= looped.Loops; loop++)
            picture.Spread(line, loop, fixedDepths[loop - 1].Low, fixedDepths[loop - 1].High);
        picture.Line(line, fixedDepths.Select((sample, i) => (i + 1.0, sample.Mean)));
        foreach (var score in byGate)
            picture.Point(dots, score.MeanDepth, score.Share);
        picture.Name(line, fixedDepths[^1].Mean, "fixed depth");
        picture.Name(dots, byGate.Average(score => score.Share), "the gate");
        return picture.Finish();
    }

    Axis Across(IReadOnlyCollection<int> steps) => new(claim.Steps, steps.Min(), steps.Max());

    static void Draw(Picture picture, string colour, IReadOnlyCollection<int> steps, Func<int, Sample> at, string name)
    {
        var samples = steps.Select(number => (number, sample: at(number))).ToArray();
        foreach (var (number, sample) in samples)
            picture.Spread(colour, number, sample.Low, sample.High);
        picture.Line(colour, samples.Select(point => ((double)point.number, point.sample.Mean)));
        foreach (var (number, sample) in samples)
            picture.Point(colour, number, sample.Mean);
        picture.Name(colour, samples[^1].sample.Mean, name);
    }
}
