using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Ouro.Serving;

/// <summary><c>/v1/models</c>.</summary>
static class ModelList
{
    /// <summary>Every model there is.</summary>
    public static Task All(HttpContext context)
    {
        var models = context.RequestServices.GetRequiredService<IModelCatalog>().List();
        return Json.Answer(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var model in models)
                Write(json, model, model.Name);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>The model of a name.</summary>
    public static Task One(HttpContext context)
    {
        var name = context.GetRouteValue("id") as string ?? "";
        var model = context.RequestServices.GetRequiredService<IModelCatalog>().Find(name) ?? throw new UnknownModelException(name);
        return Json.Answer(context, StatusCodes.Status200OK, json => Write(json, model, name));
    }

    static void Write(Utf8JsonWriter json, CatalogModel model, string name)
    {
        json.WriteStartObject();
        json.WriteString("id", name);
        json.WriteString("object", "model");
        json.WriteNumber("created", model.ModifiedAt.ToUnixTimeSeconds());
        json.WriteString("owned_by", "library");
        json.WriteEndObject();
    }
}
