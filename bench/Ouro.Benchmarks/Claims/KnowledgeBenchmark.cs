using Ouro.Tensors;
using Ouro.Text;
using Ouro.Training;
using Ouro.Training.Recipes;
using Ouro.Training.Tasks;

namespace Ouro.Benchmarks.Claims;

/// <summary>Whether a looped model keeps more knowledge in its parameters than the same model that is run once.</summary>
sealed class KnowledgeBenchmark(ClaimTraining training)
{
    /// <summary>Bits a parameter that the better model must have before anything is concluded.</summary>
    const double LeastLearnt = 0.2;

    public void Run(bool write)
    {
        var report = new Report("claims-capo", ClaimsBenchmark.Document);
        var shapes = training.Train("capo").Select(runs => new Learnt(runs, [.. runs.Select(LearntBits)])).ToArray();
        var pairs = shapes.GroupBy(shape => shape.Runs[0].Config.Width).OrderBy(width => width.Key).Select(width => width.OrderBy(shape => shape.Loops).ToArray()).ToArray();

        report.Note($"{ClaimsBenchmark.Scale(training, shapes[^1].Runs[0])} Counted are bits of values; names are given. In the paper there are 20,000 to 500,000 people, each told 1,000 times.");
        report.Add("claims", Verdicts(pairs));
        report.Add("knowledge", Bits(shapes));
        report.Note("Bits learnt of the values of all people, told in an order and words that training did not use: the mean over seeds, and in brackets from the least to the most. Parameters include embeddings.");
        report.Picture("docs/claims/capo-bits.svg", "Bits a parameter against loops, a line for each width", Drawn(pairs));
        report.Keep("raw", Raw(shapes));
        report.Finish(write);
    }

    static Table Verdicts(Learnt[][] pairs)
    {
        var table = new Table(new("claim"), new("the paper"), new("here"), new("agrees"));
        foreach (var pair in pairs)
        {
            var (once, looped) = (pair[0].BitsPerParameter(), pair[^1].BitsPerParameter());
            var differs = Math.Max(once.Mean, looped.Mean) < LeastLearnt ? "no model learnt it" : looped.IsAbove(once) ? "no, looped keeps more" : once.IsAbove(looped) ? "no, looped keeps less" : "yes, no difference beyond seeds";
            table.Add(
                $"loops do not change bits a parameter, width {pair[0].Runs[0].Config.Width}", "about 2 bits a parameter, looped 4 times or not",
                $"{looped.Text("0.000")} ({pair[^1].Runs[0].Shape}), {once.Text("0.000")} ({pair[0].Runs[0].Shape})", differs);
        }

        return table;
    }

    static Table Bits(Learnt[] shapes)
    {
        var table = new Table(
            new("layers x loops"), new("width", "0"), new("parameters", "N0"), new("people", "N0"), new("their bits", "N0"), new("minutes", "0.0"), new("bits learnt"), new("of all, %"), new("bits a parameter"), new("after each loop"));
        foreach (var shape in shapes)
        {
            var bits = shape.At(learnt => learnt[^1]);
            var people = CapoOf(shape.Runs[0]);
            table.Add(
                shape.Runs[0].Shape, shape.Runs[0].Config.Width, shape.Runs[0].Config.ParameterCount, people.People, people.ValueBits, Sample.Of(shape.Runs, run => run.Seconds / 60).Mean,
                bits.Text("N0"), bits.Text("0.0", people.ValueBits / 100), shape.BitsPerParameter().Text("0.000"),
                string.Join(", ", Enumerable.Range(0, shape.Loops).Select(loop => shape.BitsPerParameter(loop).Mean.ToString("0.000", null))));
        }

        return table;
    }

    static string Drawn(Learnt[][] pairs)
    {
        var most = pairs.SelectMany(pair => pair).Max(shape => shape.BitsPerParameter().High);
        var picture = new Picture(
            "capo: knowledge a parameter", new Axis("loops", 1, pairs.Max(pair => pair[^1].Loops)), new Axis("bits a parameter (mean and range over seeds)", 0, Math.Max(0.1, most * 1.1)));
        for (var i = 0; i < pairs.Length; i++)
        {
            var (colour, pair) = (Picture.Colour(i, pairs.Length), pairs[i]);
            foreach (var shape in pair)
                picture.Spread(colour, shape.Loops, shape.BitsPerParameter().Low, shape.BitsPerParameter().High);
            picture.Line(colour, pair.Select(shape => ((double)shape.Loops, shape.BitsPerParameter().Mean)));
            foreach (var shape in pair)
                picture.Point(colour, shape.Loops, shape.BitsPerParameter().Mean);
            picture.Name(colour, pair[^1].BitsPerParameter().Mean, $"width {pair[0].Runs[0].Config.Width}");
        }

        return picture.Finish();
    }

    static Table Raw(Learnt[] shapes)
    {
        var table = new Table(new("shape"), new("width", "0"), new("seed", "0"), new("after loop", "0"), new("bits", "0"), new("parameters", "0"));
        foreach (var shape in shapes)
            foreach (var (run, bits) in shape.Runs.Zip(shape.Bits))
                for (var loop = 0; loop < bits.Length; loop++)
                    table.Add(run.Shape, run.Config.Width, (int)run.Recipe.Seed, loop + 1, bits[loop], run.Config.ParameterCount);

        return table;
    }

    static double[] LearntBits(ClaimRun run)
    {
        using var backend = new CpuBackend();
        var vocabulary = ModelVocabulary.InFolder(run.Folder) ?? throw new BenchmarkException($"{run.Folder} has no tokenizer; train it again.");
        return CapoKnowledge.LearntBits(new TrainingRun(run.Model, backend), CapoOf(run), new Tokenizer(vocabulary));
    }

    static Capo CapoOf(ClaimRun run) => RecipeTasks.Capo(run.Recipe.Sources.Values.OfType<DataSource.Generated>().Single());

    /// <summary>A recipe under all seeds, and what its models know.</summary>
    /// <param name="Bits">By seed, after each loop.</param>
    sealed record Learnt(ClaimRun[] Runs, double[][] Bits)
    {
        public int Loops => Runs[0].Config.Loops;

        public Sample At(Func<double[], double> number) => Sample.Of(Bits, number);

        /// <param name="loop">From 0; the last if null.</param>
        public Sample BitsPerParameter(int? loop = null) => At(bits => bits[loop ?? bits.Length - 1] / Runs[0].Config.ParameterCount);
    }
}
