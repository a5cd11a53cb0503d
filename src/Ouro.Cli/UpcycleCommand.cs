using System.CommandLine;
using System.Diagnostics;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Cli;

/// <summary><c>ouro upcycle</c>: a model with more layers, each a copy of one there was.</summary>
static class UpcycleCommand
{
    const int MostLayers = 10_000;

    public static Command Create()
    {
        var source = new Argument<string>("CHECKPOINT") { Description = "A folder from Hugging Face, a .safetensors file in one, or a .gguf file." };
        var layers = SettingOptions.Between("--layers", "Layers afterwards, a multiple of those there are.", 1, MostLayers);
        layers.Required = true;
        var order = new Choice<UpcycleOrder>(
            "--order", "block repeats the whole stack (0 1 2 0 1 2), interleaved each layer (0 0 1 1 2 2).",
            ("block", UpcycleOrder.BlockWise), ("interleaved", UpcycleOrder.Interleaved));
        var output = ConversionCommands.Output();
        var type = ConversionCommands.Type("How to store the weights; as the source stores them by default.");
        var force = ConversionCommands.Force();

        var command = new Command("upcycle", "Makes a model with more layers by copying those there are, to be trained on: 24 layers became the 48 of Ouro 2.6B in this way.")
        {
            source, layers, order.Option, output, type, force, SettingOptions.Threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var time = Stopwatch.StartNew();
            using var checkpoint = OuroCheckpoint.Open(parsed.GetRequiredValue(source));
            var count = parsed.GetValue(layers);
            var place = parsed.GetValue(output) ?? ConversionCommands.Beside(checkpoint.Path, $"-{count}-layers");
            var options = new ConversionOptions
            {
                Mix = parsed.GetValue(type) is { } name ? WeightMix.Find(name) : null,
                Overwrite = parsed.GetValue(force),
                Threads = parsed.GetValue(SettingOptions.Threads),
                AddFiles = folder => TokenizerFiles.Write(checkpoint, folder),
            };
            var result = ProgressBar.Show(
                Path.GetFileName(place), progress => ModelUpcycling.ToSafetensors(checkpoint, count, order.Of(parsed), place, options, progress, cancel));
            ConversionCommands.Report(result, time);
            return 0;
        }, cancel));
        return command;
    }
}
