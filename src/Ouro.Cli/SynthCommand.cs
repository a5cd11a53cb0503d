using System.CommandLine;
using System.Diagnostics;
using Ouro.Model.Conversion;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary><c>ouro synth</c>: a model of a real shape with random weights, to measure with.</summary>
static class SynthCommand
{
    public static Command Create()
    {
        var shape = new Option<string>("--shape")
        {
            Description = $"One of {string.Join(", ", ModelShape.Names)}, or LAYERSxWIDTHxHEADS[xFEEDFORWARD[xVOCABULARY[xLOOPS]]].",
            Required = true,
        };
        var type = ConversionCommands.Type("How to store the weights; bf16 by default.");
        var output = ConversionCommands.Output();
        output.Required = true;
        var to = new Option<string>("--to")
        {
            Description = "The format to write: gguf (a file) or safetensors (a folder).",
            DefaultValueFactory = _ => "gguf",
        };
        to.AcceptOnlyFromAmong("gguf", "safetensors");
        var seed = new Option<ulong>("--seed") { Description = "Another seed gives other weights.", DefaultValueFactory = _ => 1 };
        var force = ConversionCommands.Force();

        var command = new Command("synth", "Makes a model of a real shape with random weights, to measure speed and memory without a download.")
        {
            shape, type, output, to, seed, force, SettingOptions.Threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var time = Stopwatch.StartNew();
            var text = parsed.GetRequiredValue(shape);
            var config = ModelShape.Parse(text, out var problem) ?? throw new UserErrorException(problem);
            var place = parsed.GetRequiredValue(output)!;
            var metadata = TokenizerFiles.OfPublishedSize(config);
            var options = new ConversionOptions
            {
                Mix = parsed.GetValue(type) is { } name ? WeightMix.Find(name) : null,
                ModelName = $"synthetic {text}",
                Overwrite = parsed.GetValue(force),
                Threads = parsed.GetValue(SettingOptions.Threads),
                Metadata = metadata,
                AddFiles = metadata is null ? null : folder => TokenizerJson.Write(folder, OuroVocabulary.Instance),
            };
            var number = parsed.GetValue(seed);
            var result = ProgressBar.Show(Path.GetFileName(place), progress => parsed.GetValue(to) == "gguf"
                ? SyntheticModel.ToGguf(config, number, place, options, progress, cancel)
                : SyntheticModel.ToSafetensors(config, number, place, options, progress, cancel));
            ConversionCommands.Report(result, time);
            return 0;
        }, cancel));
        return command;
    }
}
