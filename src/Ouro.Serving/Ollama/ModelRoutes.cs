using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Chat;

namespace Ouro.Serving.Ollama;

/// <summary>The routes that tell which models there are, what they are, and which are loaded.</summary>
static class ModelRoutes
{
    /// <summary>What clients read as "not soon": the last second that all of them can hold.</summary>
    static readonly DateTimeOffset Never = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    /// <summary>All models.</summary>
    public static Task Tags(HttpContext context)
    {
        var facts = context.RequestServices.GetRequiredService<ModelFacts>();
        var models = context.RequestServices.GetRequiredService<IModelCatalog>().List();
        return Json.Answer(context, json =>
        {
            json.WriteStartArray("models");
            foreach (var model in models)
            {
                json.WriteStartObject();
                WriteName(json, model);
                json.WriteTime("modified_at", model.ModifiedAt);
                json.WriteNumber("size", model.Size);
                facts.TryOf(model)?.WriteDetails(json);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    /// <summary>Loaded models.</summary>
    public static Task Loaded(HttpContext context)
    {
        var services = context.RequestServices;
        var (facts, options) = (services.GetRequiredService<ModelFacts>(), services.GetRequiredService<ServingOptions>());
        var models = services.GetRequiredService<ModelPool>().Models;
        return Json.Answer(context, json =>
        {
            json.WriteStartArray("models");
            foreach (var model in models)
            {
                var settings = new RequestOptions(ReplySettings.None, []).Over(model.Entry, options);
                json.WriteStartObject();
                WriteName(json, model.Entry);
                json.WriteNumber("size", model.Model.Loaded.WeightBytes + model.Model.Passes.ReservedBytes);
                json.WriteNumber("size_vram", 0);
                facts.TryOf(model.Entry)?.WriteDetails(json);
                json.WriteTime("expires_at", model.ExpiresAt ?? Never);
                json.WriteNumber("context_length", settings.ContextTokens(model.Model.Config));
                json.WriteNumber("loops", model.Model.Config.Loops);
                json.WriteNumber("in_use", model.InUse);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    /// <summary>All about one model.</summary>
    public static async Task Show(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var name = new Fields(body.RootElement).Model();
        var model = context.RequestServices.GetRequiredService<IModelCatalog>().Find(name) ?? throw new UnknownModelException(name);
        var fact = context.RequestServices.GetRequiredService<ModelFacts>().Of(model);
        await Json.Answer(context, json => Write(json, model, fact)).ConfigureAwait(false);
    }

    static void Write(Utf8JsonWriter json, CatalogModel model, ModelFact fact)
    {
        var template = model.Template ?? fact.Template ?? "";
        if (model.License is { } license)
            json.WriteString("license", license);
        json.WriteString("modelfile", Modelfile(model, template));
        json.WriteString("parameters", string.Join('\n', model.Settings.Entries().Select(entry => $"{entry.Name,-24} {Worded(entry)}")));
        json.WriteString("template", template);
        if (model.System is { } system)
            json.WriteString("system", system);
        WriteMessages(json, model);
        fact.WriteDetails(json);
        json.WriteStartObject("model_info");
        foreach (var (key, value) in fact.Info)
            WriteValue(json, key, value);
        json.WriteEndObject();
        json.WriteStrings("capabilities", fact.Capabilities);
        json.WriteTime("modified_at", model.ModifiedAt);
    }

    static void WriteName(Utf8JsonWriter json, CatalogModel model)
    {
        json.WriteString("name", model.Name);
        json.WriteString("model", model.Name);
        json.WriteString("digest", model.Digest ?? "");
    }

    static void WriteMessages(Utf8JsonWriter json, CatalogModel model)
    {
        if (model.Messages.Count == 0)
            return;

        json.WriteStartArray("messages");
        foreach (var message in model.Messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteString("content", message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteValue(Utf8JsonWriter json, string key, object? value)
    {
        switch (value)
        {
            case string text:
                json.WriteString(key, text);
                break;
            case bool flag:
                json.WriteBoolean(key, flag);
                break;
            case float number when float.IsFinite(number):
                json.WriteNumber(key, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(key, number);
                break;
            case ulong number:
                json.WriteNumber(key, number);
                break;
            case byte or sbyte or short or ushort or int or uint or long:
                json.WriteNumber(key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteNull(key);
                break;
        }
    }

    /// <summary>The Modelfile that would make this model again.</summary>
    static string Modelfile(CatalogModel model, string template)
    {
        var text = new StringBuilder().Append("# Made from what is stored; to build on it, begin with: FROM ").Append(model.Name).Append('\n')
            .Append("FROM ").Append(model.Path).Append('\n');
        if (template.Length > 0)
            text.Append("TEMPLATE \"\"\"").Append(template).Append("\"\"\"\n");
        if (model.System is { } system)
            text.Append("SYSTEM \"\"\"").Append(system).Append("\"\"\"\n");
        foreach (var entry in model.Settings.Entries())
            text.Append("PARAMETER ").Append(entry.Name).Append(' ').Append(Worded(entry)).Append('\n');
        foreach (var message in model.Messages)
            text.Append("MESSAGE ").Append(message.Role).Append(" \"\"\"").Append(message.Content).Append("\"\"\"\n");
        if (model.License is { } license)
            text.Append("LICENSE \"\"\"").Append(license).Append("\"\"\"\n");
        return text.ToString();
    }

    /// <summary>Stop strings stand in quotes, so that blanks can be seen.</summary>
    static string Worded((string Name, string Value) entry) => entry.Name == "stop" ? $"\"{entry.Value}\"" : entry.Value;
}
