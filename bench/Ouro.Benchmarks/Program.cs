using System.CommandLine;
using Ouro.Benchmarks;
using Ouro.Benchmarks.Claims;
using Ouro.Formats;
using Ouro.Model.Conversion;
using Ouro.Training.Recipes;

string[] shapes = ["ouro-1.4b", "ouro-2.6b"];
string[] sizes = [.. TrainingSize.All.Select(size => size.Name)];

var write = new Option<bool>("--write")
{
    Description = "Put the tables into BENCHMARKS.md and the raw numbers into bench/baselines.",
    Recursive = true,
};
var text = new Option<FileInfo[]>("--text") { Description = "Texts to measure beside the built-in ones.", DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true };
text.AcceptExistingOnly();
var peer = new Option<DirectoryInfo?>("--peer") { Description = "The folder of llama.cpp's libraries; bench/peers/install-llama-cpp.sh fetches them and prints it." };
var shape = new Argument<string[]>("SHAPE") { Description = "Which sizes; both by default.", DefaultValueFactory = _ => shapes };
shape.AcceptOnlyFromAmong(shapes);
var folder = new Option<DirectoryInfo?>("--folder") { Description = "Where the files go; up to 16 GB. A temporary folder by default." };
var keep = new Option<bool>("--keep") { Description = "Leave the files there." };

var types = new Option<string[]>("--type") { Description = "Which types the peers are compared in.", DefaultValueFactory = _ => ["q4_k_m", "q5_k_m", "q3_k_l", "q8_0", "f16"], AllowMultipleArgumentsPerToken = true };
types.AcceptOnlyFromAmong([.. WeightMix.All.Select(mix => mix.Name)]);
var cache = new Option<DirectoryInfo?>("--cache") { Description = "Where models with random weights are kept: up to 14 GB for the 1.4B shape, 27 GB for 2.6B. A temporary folder by default." };
var seconds = new Option<int>("--seconds") { Description = "Seconds for either side of each comparison.", DefaultValueFactory = _ => 2 };

var pytorch = new Option<string?>("--pytorch") { Description = "The command that runs Python with PyTorch; bench/peers/install-pytorch.sh installs it and prints it." };
var size = new Argument<string[]>("SIZE") { Description = "Which sizes; all by default.", DefaultValueFactory = _ => sizes };
size.AcceptOnlyFromAmong(sizes);
var trainingSeconds = new Option<int>("--seconds") { Description = "Seconds for each way to train at each size.", DefaultValueFactory = _ => 8 };
var threads = new Option<int>("--threads") { Description = "Threads to train with; all cores by default.", DefaultValueFactory = _ => Environment.ProcessorCount };
var servingSeconds = new Option<int>("--seconds") { Description = "Seconds of load.", DefaultValueFactory = _ => 120 };
var measures = new Argument<FileInfo>("MEASURES");

var root = new RootCommand("Measures Ouro.NET on this machine. Nothing here judges: the numbers are for reading.") { write };
Add("machine", "What this machine is, and how fast it reads memory.", [], (_, isWritten, _) => MachineBenchmark.Run(isWritten));
Add("tokenizer", "Encoding and decoding text on one core.", [text], (parsed, isWritten, _) => TokenizerBenchmark.Run(parsed.GetValue(text)!, isWritten));
Add("quantize", "Encoding weights on one core, and the error of it.", [peer], (parsed, isWritten, _) => QuantizeBenchmark.Run(parsed.GetValue(peer), isWritten));
Add("kernels", "Every kernel beside its scalar definition.", [], (_, isWritten, _) => KernelBenchmark.Run(isWritten));
Add("peers", "Decoding, prefill, loading and memory, beside llama.cpp's on the same matrices.", [shape, peer, types, cache, seconds], Peers);
Add("replies", "Guessing ahead, early exits and many texts at once, beside plain decoding and, with --peer, beside llama.cpp.", [shape, peer, cache, seconds], Replies);
Add("training", "Steps of training, with and without recomputation and BF16, beside an equal model in PyTorch.", [size, pytorch, threads, trainingSeconds], (parsed, isWritten, cancel)
    => Training(parsed, parsed.GetValue(size)!, parsed.GetValue(threads), parsed.GetValue(trainingSeconds), isWritten, cancel));
Add("training-worker", "Our side of training, for it to start.", [measures, new Option<bool>("--turns")], (parsed, _, _) => TrainingWorker.Run(parsed.GetValue(measures)!), isHidden: true);
Add("nano", "Depth, exits, policies and guesses on the small model that was really trained.", [], (_, isWritten, cancel) => NanoBenchmark.Run(isWritten, cancel));
Add("serving", "Sixty-four clients on the real server, some of whom go away.", [servingSeconds], (parsed, isWritten, cancel) => ServingBenchmark.Run(parsed.GetValue(servingSeconds), isWritten, cancel));
Add("real-size", "Convert, quantise, verify and run whole models, each step a process.", [shape, folder, keep], (parsed, isWritten, cancel)
    => RealSizeBenchmark.Run(parsed.GetValue(shape)!, parsed.GetValue(folder), parsed.GetValue(keep), isWritten, cancel));
Add("all", "All of these, one after the other.", [text, peer, types, cache, seconds, folder, keep, pytorch], (parsed, isWritten, cancel) =>
{
    MachineBenchmark.Run(isWritten);
    TokenizerBenchmark.Run(parsed.GetValue(text)!, isWritten);
    QuantizeBenchmark.Run(parsed.GetValue(peer), isWritten);
    KernelBenchmark.Run(isWritten);
    if (parsed.GetValue(peer) is not null)
        Peers(parsed, isWritten, cancel);
    Replies(parsed, isWritten, cancel);
    Training(parsed, sizes, Environment.ProcessorCount, seconds: 8, isWritten, cancel);
    RealSizeBenchmark.Run(shapes, parsed.GetValue(folder), parsed.GetValue(keep), isWritten, cancel);
});

var claim = new Argument<string[]>("CLAIM") { Description = "Which claims; all by default.", DefaultValueFactory = _ => ClaimsBenchmark.All };
claim.AcceptOnlyFromAmong(ClaimsBenchmark.All);
var seeds = new Option<int>("--seeds") { Description = "How often each recipe is run, with seeds from 1.", DefaultValueFactory = _ => 2 };
var scale = new Option<double>("--tokens-scale") { Description = "Multiplies the tokens of every recipe.", DefaultValueFactory = _ => 1 };
var runs = new Option<DirectoryInfo>("--folder") { Description = "Where runs are kept, so that one that was stopped goes on and one that is finished is not repeated.", Required = true };
Add("claims", "The paper's claims at this scale: trains the recipes in recipes/claims, and writes to CLAIMS.md. Not part of all.", [claim, seeds, scale, runs], Claims);
return root.Parse(args).Invoke();

void Add(string name, string description, Symbol[] symbols, Action<ParseResult, bool, CancellationToken> run, bool isHidden = false)
{
    var command = new Command(name, description) { Hidden = isHidden };
    foreach (var symbol in symbols)
        if (symbol is Argument argument)
            command.Arguments.Add(argument);
        else
            command.Options.Add((Option)symbol);

    command.SetAction((parsed, cancel) => Task.Run(() =>
    {
        try
        {
            run(parsed, parsed.GetValue(write), cancel);
            return 0;
        }
        catch (Exception problem) when (problem is BenchmarkException or RecipeException or ModelFileException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(problem.Message);
            return 1;
        }
    }, cancel));
    root.Add(command);
}

void Peers(ParseResult parsed, bool isWritten, CancellationToken cancel)
{
    var libraries = parsed.GetValue(peer) ?? throw new BenchmarkException("There is nobody to compare with; give --peer \"$(bench/peers/install-llama-cpp.sh)\".");
    WeightMix[] mixes = [.. parsed.GetValue(types)!.Select(name => WeightMix.Find(name)!)];
    foreach (var name in Shapes(parsed))
        InCache(parsed, place =>
        {
            using var benchmark = new PeersBenchmark(name, libraries.FullName, place, TimeSpan.FromSeconds(parsed.GetValue(seconds)), cancel);
            benchmark.Run(mixes, isWritten);
        });
}

void Replies(ParseResult parsed, bool isWritten, CancellationToken cancel)
{
    foreach (var name in Shapes(parsed))
        InCache(parsed, place => new RepliesBenchmark(name, parsed.GetValue(peer)?.FullName, place, TimeSpan.FromSeconds(parsed.GetValue(seconds)), cancel).Run(isWritten));
}

void Training(ParseResult parsed, string[] names, int count, int seconds, bool isWritten, CancellationToken cancel)
    => new TrainingBenchmark(parsed.GetValue(pytorch)?.Split(' ', StringSplitOptions.RemoveEmptyEntries), count, TimeSpan.FromSeconds(seconds), cancel)
        .Run(TrainingSize.All.Where(size => names.Contains(size.Name)), isWritten);

string[] Shapes(ParseResult parsed) => parsed.CommandResult.GetResult(shape) is { } asked ? asked.GetValueOrDefault<string[]>() : shapes;

void InCache(ParseResult parsed, Action<string> run)
{
    var place = parsed.GetValue(cache) ?? Directory.CreateTempSubdirectory("ouro-peers-");
    try
    {
        run(place.FullName);
    }
    finally
    {
        if (parsed.GetValue(cache) is null)
            place.Delete(recursive: true);
    }
}

void Claims(ParseResult parsed, bool isWritten, CancellationToken cancel)
{
    var asked = parsed.CommandResult.GetResult(claim) is { } result ? result.GetValueOrDefault<string[]>() : ClaimsBenchmark.All;
    ClaimsBenchmark.Run(asked, new ClaimTraining(parsed.GetRequiredValue(runs).FullName, parsed.GetValue(seeds), parsed.GetValue(scale), cancel), isWritten);
}
