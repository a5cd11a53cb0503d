using System.CommandLine;
using Ouro.Benchmarks;
using Ouro.Formats;

string[] shapes = ["ouro-1.4b", "ouro-2.6b"];

var write = new Option<bool>("--write")
{
    Description = "Put the tables into BENCHMARKS.md and the raw numbers into bench/baselines.",
    Recursive = true,
};
var text = new Option<FileInfo[]>("--text") { Description = "Texts to measure beside the built-in ones.", DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true };
text.AcceptExistingOnly();
var peer = new Option<FileInfo?>("--peer") { Description = "llama.cpp's libggml-base; bench/peers/install-llama-cpp.sh fetches it and prints its path." };
var model = new Argument<string?>("MODEL") { Description = "A model; without one, the 1.4B shape in q4_k_m with random weights.", Arity = ArgumentArity.ZeroOrOne };
var shape = new Argument<string[]>("SHAPE") { Description = "Which sizes; both by default.", DefaultValueFactory = _ => shapes };
shape.AcceptOnlyFromAmong(shapes);
var folder = new Option<DirectoryInfo?>("--folder") { Description = "Where the files go; up to 16 GB. A temporary folder by default." };
var keep = new Option<bool>("--keep") { Description = "Leave the files there." };

var source = new Argument<string>("SOURCE");
var output = new Argument<string>("OUTPUT");

var root = new RootCommand("Measures Ouro.NET on this machine. Nothing here judges: the numbers are for reading.") { write };
Add("machine", "What this machine is, and how fast it reads memory.", [], (_, isWritten, _) => MachineBenchmark.Run(isWritten));
Add("tokenizer", "Encoding and decoding text on one core.", [text], (parsed, isWritten, _) => TokenizerBenchmark.Run(parsed.GetValue(text)!, isWritten));
Add("quantize", "Encoding weights on one core, and the error of it.", [peer], (parsed, isWritten, _) => QuantizeBenchmark.Run(parsed.GetValue(peer), isWritten));
Add("pass", "One pass over the stack with 1 to 128 rows.", [model], (parsed, isWritten, cancel) => Pass(parsed.GetValue(model), isWritten, cancel));
Add("real-size", "Convert, quantise, verify and run whole models, each step a process.", [shape, folder, keep], (parsed, isWritten, cancel)
    => RealSizeBenchmark.Run(parsed.GetValue(shape)!, parsed.GetValue(folder), parsed.GetValue(keep), isWritten, cancel));
Add("twin", "Makes the Llama-type file of equal shape that llama.cpp can run.", [source, output], (parsed, _, _) => LlamaTwin.Write(parsed.GetRequiredValue(source), parsed.GetRequiredValue(output)));
Add("all", "All of these, one after the other.", [text, peer, folder, keep], (parsed, isWritten, cancel) =>
{
    MachineBenchmark.Run(isWritten);
    TokenizerBenchmark.Run(parsed.GetValue(text)!, isWritten);
    QuantizeBenchmark.Run(parsed.GetValue(peer), isWritten);
    Pass(null, isWritten, cancel);
    RealSizeBenchmark.Run(shapes, parsed.GetValue(folder), parsed.GetValue(keep), isWritten, cancel);
});
return root.Parse(args).Invoke();

void Add(string name, string description, Symbol[] symbols, Action<ParseResult, bool, CancellationToken> run)
{
    var command = new Command(name, description);
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
        catch (Exception problem) when (problem is BenchmarkException or ModelFileException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(problem.Message);
            return 1;
        }
    }, cancel));
    root.Add(command);
}

static void Pass(string? model, bool isWritten, CancellationToken cancel)
{
    if (model is not null)
    {
        PassBenchmark.Run(model, isWritten);
        return;
    }

    var folder = Directory.CreateTempSubdirectory("ouro-pass-");
    try
    {
        var file = Path.Combine(folder.FullName, "ouro-1.4b-q4_k_m.gguf");
        var made = OuroProgram.Run(cancel, "synth", "--shape", "ouro-1.4b", "--type", "q4_k_m", "-o", file);
        if (made.ExitCode != 0)
            throw new BenchmarkException($"No model could be made: {made.Output}");

        PassBenchmark.Run(file, isWritten);
    }
    finally
    {
        folder.Delete(recursive: true);
    }
}
