using System.CommandLine;
using System.Diagnostics;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Cli;

/// <summary><c>ouro repair</c>: puts the small lost parts of a GGUF file back.</summary>
static class RepairCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The .gguf file that has lost something." };
        var from = new Option<string>("--from") { Description = "The original that it was made from.", Required = true };
        var output = ConversionCommands.Output();
        output.Required = true;
        var force = ConversionCommands.Force();
        var command = new Command("repair", "Puts gate, norms, loops and label back into a GGUF file from its source, and leaves the "
            + "quantised weights untouched.")
        {
            file, from, output, force, SettingOptions.Threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var time = Stopwatch.StartNew();
            using var source = OuroCheckpoint.Open(parsed.GetRequiredValue(from));
            var (path, place) = (parsed.GetRequiredValue(file), parsed.GetRequiredValue(output)!);
            var options = new ConversionOptions
            {
                Overwrite = parsed.GetValue(force),
                Threads = parsed.GetValue(SettingOptions.Threads),
                Metadata = TokenizerFiles.Metadata(source),
            };
            var result = ProgressBar.Show("repair", progress => ModelRepair.Run(source, path, place, options, progress, cancel));
            foreach (var action in result.Actions)
                Console.WriteLine(action);
            VerifyCommand.Print(result.Verification, withTensors: false);
            ConversionCommands.Report(result.Written, time);
            return result.Verification.NothingLost ? 0 : 1;
        }, cancel));
        return command;
    }
}
