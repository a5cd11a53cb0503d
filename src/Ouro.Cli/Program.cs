using System.CommandLine;
using Ouro.Cli;

var root = new RootCommand("Runs, converts and examines looped language models (Ouro): one stack of layers, applied several times to each token.");
root.Subcommands.Add(RunCommand.Create());
root.Subcommands.Add(ConvertCommand.Create());
root.Subcommands.Add(QuantizeCommand.Create());
root.Subcommands.Add(InspectCommand.Create());
root.Subcommands.Add(VerifyCommand.Create());
root.Subcommands.Add(RepairCommand.Create());
root.Subcommands.Add(SynthCommand.Create());
root.Subcommands.Add(TraceCommand.Create());
root.Subcommands.Add(GenerateCommand.Create());
root.Subcommands.Add(TokenizeCommand.Create());
root.Subcommands.Add(DetokenizeCommand.Create());
return await Front.InvokeAsync(root, args);
