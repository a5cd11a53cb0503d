using System.CommandLine;
using System.Diagnostics;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Serving.Hub;

namespace Ouro.Cli;

/// <summary><c>ouro repair</c>: puts the small lost parts of a GGUF file back.</summary>
static class RepairCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The .gguf file that has lost something." };
        var from = new Option<string>("--from") { Description = "The original that it was made from: a folder, or hf:owner/repo, of which only the small parts are fetched.", Required = true };
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
            var (path, place) = (parsed.GetRequiredValue(file), parsed.GetRequiredValue(output)!);
            using var original = Original.Find(parsed.GetRequiredValue(from), path, cancel);
            using var source = OuroCheckpoint.Open(original.Path);
            var options = new ConversionOptions
            {
                Overwrite = parsed.GetValue(force),
                Threads = parsed.GetValue(SettingOptions.Threads),
                Metadata = TokenizerFiles.Metadata(source),
                SourceIsPart = original.IsPart,
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

    /// <summary>Where the lost parts come from: a model on this machine, or parts of one on the hub, fetched into a folder that goes away afterwards.</summary>
    sealed record Original(string Path, bool IsPart) : IDisposable
    {
        public static Original Find(string from, string damaged, CancellationToken cancel)
        {
            if (System.IO.Path.Exists(from) || !HubReference.IsOne(from))
                return new Original(from, IsPart: false);
            if (!File.Exists(damaged))
                throw new UserErrorException($"{damaged}: no such file. Name the .gguf file that has lost something.");

            var original = new Original(Directory.CreateTempSubdirectory("ouro-parts-").FullName, IsPart: true);
            try
            {
                using var client = new HubClient(HubOptions.FromEnvironment());
                var parts = ProgressBar.Steps(progress => new HubParts(client, progress).FetchAsync(HubReference.Parse(from), damaged, original.Path, cancel)).GetAwaiter().GetResult();
                Console.WriteLine($"Fetched {Sizes.Text(parts.Fetched)} of {Sizes.Text(parts.Whole)}.");
                return original;
            }
            catch
            {
                original.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            if (IsPart)
                Directory.Delete(Path, recursive: true);
        }
    }
}
