using System.CommandLine;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro store</c>, and what the commands about stored models share.</summary>
static class StoreCommand
{
    public static Command Create()
    {
        var check = new Command("check", "Reads every file of the store and says what is wrong; exit code 0 only if nothing is, else 1.");
        check.SetAction(async (_, cancel) =>
        {
            var store = new ModelStore();
            var report = await ProgressBar.Steps(progress => store.CheckAsync(progress, cancel));
            foreach (var note in report.Notes)
                Console.WriteLine($"  {Front.Plain(note)}");
            foreach (var problem in report.Problems)
                Console.WriteLine($"! {Front.Plain(problem)}");
            Console.WriteLine(
                $"{Front.Plain(store.Root)}: {Many(report.Models, "model")} and {Many(report.Blobs, "file")}, {Sizes.Text(report.Bytes)}, {(report.IsSound ? "all sound" : Many(report.Problems.Count, "problem"))}");
            return report.IsSound ? 0 : 1;
        });
        return new Command("store", "Looks after the folder that stored models lie in; OURO_MODELS names another one.") { check };
    }

    public static Argument<string> NameArgument(string name, string description) => new(name) { Description = description };

    /// <summary>Says on standard error what a person should know and on standard output what was stored.</summary>
    public static void Report(CreatedModel created)
    {
        foreach (var note in created.Notes)
            Console.Error.WriteLine($"note: {Front.Plain(note)}");
        Console.WriteLine(Front.Plain($"{created.Model.Name}: {created.Model.Details.Type}, {Sizes.Text(created.Model.Bytes)}, {created.Model.Digest.Short}"));
    }

    static string Many(int count, string noun) => $"{count:N0} {noun}{(count == 1 ? "" : "s")}";
}

/// <summary><c>ouro cp</c>: a second name for a model.</summary>
static class CopyCommand
{
    public static Command Create()
    {
        var from = StoreCommand.NameArgument("MODEL", "The name of a stored model.");
        var to = StoreCommand.NameArgument("NAME", "The further name.");
        var command = new Command("cp", "Gives a stored model a second name; the weights are kept once.") { from, to };
        command.SetAction(parsed =>
        {
            var copy = new ModelStore().Copy(ModelName.Parse(parsed.GetRequiredValue(from)), ModelName.Parse(parsed.GetRequiredValue(to)));
            Console.WriteLine(Front.Plain($"{copy.Name}: {copy.Digest.Short}"));
            return 0;
        });
        return command;
    }
}

/// <summary><c>ouro rm</c>: a name less.</summary>
static class RemoveCommand
{
    public static Command Create()
    {
        var names = new Argument<string[]>("MODEL") { Description = "Names of stored models.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("rm", "Removes stored models; weights that no other name uses go with them.") { names };
        command.SetAction(parsed =>
        {
            var store = new ModelStore();
            foreach (var name in parsed.GetRequiredValue(names).Select(ModelName.Parse).ToArray())
            {
                store.Remove(name);
                Console.WriteLine(Front.Plain($"removed {name}"));
            }

            return 0;
        });
        return command;
    }
}
