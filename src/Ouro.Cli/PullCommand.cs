using System.CommandLine;
using Ouro.Model.Conversion;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro pull</c>: a model from the Hugging Face hub into the store.</summary>
static class PullCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "hf:owner/repo[@revision][:type or file], or owner/repo. A .gguf file is taken as it is, safetensors are made into one." };
        var name = new Argument<string?>("NAME") { Description = "What to call it; owner/repo by default.", Arity = ArgumentArity.ZeroOrOne };
        var type = ConversionCommands.Type("How to store the weights; as they are by default.");
        type.Aliases.Add("--quantize");
        type.Aliases.Add("-q");

        var command = new Command("pull", "Fetches a model from the Hugging Face hub and stores it; interrupted, the same command goes on where it was.") { model, name, type, SettingOptions.Threads };
        command.SetAction(async (parsed, cancel) =>
        {
            var options = new PullOptions
            {
                As = parsed.GetValue(name) is { } other ? ModelName.Parse(other) : null,
                Type = parsed.GetValue(type) is { } asked ? WeightMix.Find(asked)!.Name : null,
                Threads = parsed.GetValue(SettingOptions.Threads),
            };
            var reference = HubReference.Parse(parsed.GetRequiredValue(model));
            using var client = new HubClient(HubOptions.FromEnvironment());
            StoreCommand.Report(await ProgressBar.Steps(progress => new ModelPull(new ModelStore(), client, options, progress).RunAsync(reference, cancel)));
            return 0;
        });
        return command;
    }
}
