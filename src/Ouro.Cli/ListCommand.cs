using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro list</c>: the models that can be named.</summary>
static class ListCommand
{
    static readonly string[] Heads = ["NAME", "ID", "SIZE", "TYPE", "LOOPS", "CREATED"];

    const string Fields = "models [{name, id, bytes, type, parameters, loops, created, source}], the youngest first.";

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object: " + Fields };
        var command = new Command("list", "Lists the models in the store, and the one that comes with the program.") { json };
        command.Aliases.Add("ls");
        command.SetAction(parsed =>
        {
            var models = new ModelStore().List();
            if (parsed.GetValue(json))
                JsonText.Print(new JsonObject { ["models"] = JsonText.Objects(models.Select(Json)) });
            else
                Print(models);
            return 0;
        });
        return command;
    }

    static void Print(IReadOnlyList<StoredModel> models)
    {
        var rows = new List<string[]> { Heads };
        rows.AddRange(models.Select(model => new[]
        {
            model.Name.ToString(), model.Digest.Short, Sizes.Text(model.Bytes), model.Details.Type, model.Details.Loops.ToString(CultureInfo.InvariantCulture),
            model.Created.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
        }));
        if (OwnModel.PathIfAny is { } own)
            rows.Add([OwnModel.Name, "built in", Sizes.Text(new FileInfo(own).Length), "", "", ""]);

        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            Console.WriteLine(Front.Plain(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }

    static JsonObject Json(StoredModel model) => new()
    {
        ["name"] = model.Name.ToString(),
        ["id"] = model.Digest.ToString(),
        ["bytes"] = model.Bytes,
        ["type"] = model.Details.Type,
        ["parameters"] = model.Details.Parameters,
        ["loops"] = model.Details.Loops,
        ["created"] = model.Created.ToString("O", CultureInfo.InvariantCulture),
        ["source"] = model.Source,
    };
}
