using System.CommandLine;
using System.Diagnostics;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Cli;

/// <summary><c>ouro quantize</c>: fewer bits per weight.</summary>
static class QuantizeCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("FILE") { Description = "A .gguf file, or a folder from Hugging Face." };
        var type = ConversionCommands.Type("How to store the weights.");
        type.Required = true;
        var output = ConversionCommands.Output();
        var again = new Option<bool>("--allow-requantize") { Description = "Quantise what is quantised already: both errors add up." };
        var force = ConversionCommands.Force();

        var command = new Command("quantize", "Stores the weights of a model in fewer bits, as a GGUF file; norms and the early-exit gate "
            + "stay exact.")
        {
            source, type, output, again, force, SettingOptions.Threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var time = Stopwatch.StartNew();
            using var checkpoint = OuroCheckpoint.Open(parsed.GetRequiredValue(source));
            var options = new ConversionOptions
            {
                Mix = WeightMix.Find(parsed.GetRequiredValue(type)!),
                ModelName = checkpoint.Gguf?.Metadata.GetString("general.name") ?? ConversionCommands.NameOf(checkpoint.Path),
                AllowRequantize = parsed.GetValue(again),
                Overwrite = parsed.GetValue(force),
                Threads = parsed.GetValue(SettingOptions.Threads),
            };
            ConversionCommands.Report(ConversionCommands.ConvertToGguf(checkpoint, parsed.GetValue(output), options, cancel), time);
            return 0;
        }, cancel));
        return command;
    }
}
