using System.CommandLine;
using Ouro.Cli.Bench;
using Ouro.Cli.Eval;
using Ouro.Cli.Replies;

namespace Ouro.Cli;

/// <summary>Everything that the program can do.</summary>
static class Commands
{
    public static RootCommand Root() =>
        new("Runs, converts and examines looped language models (Ouro): one stack of layers, applied several times to each token.")
        {
            RunCommand.Create(),
            ChatCommand.Create(),
            ServeCommand.Create(),
            PsCommand.Create(),
            StopCommand.Create(),
            PullCommand.Create(),
            CreateCommand.Create(),
            ListCommand.Create(),
            ShowCommand.Create(),
            CopyCommand.Create(),
            RemoveCommand.Create(),
            StoreCommand.Create(),
            ConvertCommand.Create(),
            QuantizeCommand.Create(),
            InspectCommand.Create(),
            VerifyCommand.Create(),
            RepairCommand.Create(),
            EvalCommand.Create(),
            BenchCommand.Create(),
            SynthCommand.Create(),
            TrainCommand.Create(),
            FinetuneCommand.Create(),
            UpcycleCommand.Create(),
            TraceCommand.Create(),
            GenerateCommand.Create(),
            TokenizeCommand.Create(),
            DetokenizeCommand.Create(),
        };
}
