using System.CommandLine;
using Ouro.Cli;

var root = new RootCommand("Runs, converts and examines looped language models (Ouro): one stack of layers, applied several times to each token.");
root.Subcommands.Add(ConvertCommand.Create());
root.Subcommands.Add(QuantizeCommand.Create());
root.Subcommands.Add(SynthCommand.Create());
return await Front.InvokeAsync(root, args);
