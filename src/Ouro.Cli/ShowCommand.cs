using System.CommandLine;
using Ouro.Formats.Gguf;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro show</c>: what a stored model is, and what it brings along.</summary>
static class ShowCommand
{
    const string TemplateKey = "tokenizer.chat_template";

    public static Command Create()
    {
        var name = StoreCommand.NameArgument("MODEL", "The name of a stored model.");
        var modelfile = new Option<bool>("--modelfile") { Description = "Print the Modelfile that makes the same again." };
        var parameters = new Option<bool>("--parameters") { Description = "Print its settings." };
        var template = new Option<bool>("--template") { Description = "Print its chat template." };
        var system = new Option<bool>("--system") { Description = "Print its instructions." };
        var license = new Option<bool>("--license") { Description = "Print its licences." };
        Option<bool>[] parts = [modelfile, parameters, template, system, license];

        var command = new Command("show", "Shows what a stored model is made of, and the settings, template and texts that it brings along.") { name };
        foreach (var part in parts)
            command.Options.Add(part);
        command.Validators.Add(result =>
        {
            if (parts.Count(part => result.GetResult(part) is not null) > 1)
                result.AddError($"Only one of {string.Join(", ", parts.Select(part => part.Name))} can be shown at a time.");
        });
        command.SetAction(parsed =>
        {
            var model = Find(parsed.GetRequiredValue(name));
            if (parsed.GetValue(modelfile))
                Front.WriteLines(model.ToModelfile().ToString());
            else if (parsed.GetValue(parameters))
                Front.WriteLines(string.Join('\n', model.Parameters.All.Select(parameter => $"{parameter.Name} {parameter.Value}")));
            else if (parsed.GetValue(template))
                Front.WriteLines(model.Template ?? TemplateIn(model.Path) ?? "");
            else if (parsed.GetValue(system))
                Front.WriteLines(model.System ?? "");
            else if (parsed.GetValue(license))
                Front.WriteLines(string.Join("\n\n", model.Licenses));
            else
                Print(model);
            return 0;
        });
        return command;
    }

    static StoredModel Find(string text)
    {
        var name = ModelName.Parse(text);
        return name.IsBuiltIn
            ? throw new UserErrorException($"'{OwnModel.Name}' comes with the program and brings no settings along. 'ouro inspect {Front.Plain(OwnModel.PathOf(null))}' shows what it is.")
            : new ModelStore().Require(name);
    }

    static void Print(StoredModel model)
    {
        Line("name", model.Name.ToString());
        Line("id", model.Digest.Short);
        Line("source", model.Source);
        Line("created", model.Created.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", System.Globalization.CultureInfo.InvariantCulture));
        Line("file", model.Path);
        Line("weights", $"{model.Details.Type}, {Sizes.Text(model.Bytes)}, {model.Details.Parameters:N0} parameters");
        Line("loops", $"{model.Details.Loops} over {model.Details.Layers} layers{(model.Details.HasGate ? "" : ", without a gate: every token runs all loops")}");
        Line("context", $"{model.Details.ContextTokens:N0} tokens");
        foreach (var parameter in model.Parameters.All)
            Line("parameter", $"{parameter.Name} {parameter.Value}");
        if (model.Template is not null)
            Line("template", "its own; --template shows it");
        if (model.System is { } system)
            Line("system", Shortened(system));
        foreach (var message in model.Messages)
            Line("message", $"{message.Role}: {Shortened(message.Content)}");
        foreach (var license in model.Licenses)
            Line("licence", Shortened(license));
    }

    /// <summary>The template in the weights' file.</summary>
    static string? TemplateIn(string path)
    {
        using var file = GgufFile.Open(path);
        return file.Metadata.GetString(TemplateKey);
    }

    static string Shortened(string text)
    {
        var line = text.Trim().ReplaceLineEndings(" ");
        return line.Length <= 100 ? line : line[..100] + "...";
    }

    static void Line(string label, string value) => Console.WriteLine($"{label,-16}{Front.Plain(value)}");
}
