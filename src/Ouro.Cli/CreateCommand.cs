using System.CommandLine;
using Ouro.Model.Conversion;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro create</c>: a model in the store, made from a Modelfile.</summary>
static class CreateCommand
{
    public static Command Create()
    {
        var name = StoreCommand.NameArgument("NAME", "What to call it: [namespace/]name[:tag].");
        var file = new Option<string>("--file", "-f") { Description = "The Modelfile.", DefaultValueFactory = _ => "Modelfile", HelpName = "file" };
        var type = ConversionCommands.Type("How to store the weights; as they are by default.");
        type.Aliases.Add("--quantize");
        type.Aliases.Add("-q");

        var command = new Command("create", "Stores a model under a name, with settings, instructions and template, as a Modelfile says.") { name, file, type, SettingOptions.Threads };
        command.SetAction(async (parsed, cancel) =>
        {
            var path = parsed.GetValue(file)!;
            var modelfile = Modelfile.Read(path);
            var options = new CreateOptions
            {
                BaseFolder = Path.GetDirectoryName(Path.GetFullPath(path)),
                BuiltInPath = OwnModel.PathIfAny,
                Type = parsed.GetValue(type) is { } asked ? WeightMix.Find(asked)!.Name : null,
                Threads = parsed.GetValue(SettingOptions.Threads),
                Hub = HubOptions.FromEnvironment(),
            };
            var created = await ProgressBar.Steps(progress => new ModelStore().CreateAsync(ModelName.Parse(parsed.GetRequiredValue(name)), modelfile, options, progress, cancel));
            StoreCommand.Report(created);
            return 0;
        });
        return command;
    }
}
