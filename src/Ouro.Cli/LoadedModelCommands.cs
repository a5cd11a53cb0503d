using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Ouro.Serving;
using Spectre.Console;

namespace Ouro.Cli;

/// <summary><c>ouro ps</c>: which models a running server has loaded.</summary>
static class PsCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print what the server answered." };
        var command = new Command("ps", "Lists the models that a running server has loaded.") { ServerOptions.Host, ServerOptions.ApiKey, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = new ServerClient(parsed);
            using var answer = await client.Ask(HttpMethod.Get, "/api/ps", null, cancel).ConfigureAwait(false);
            if (parsed.GetValue(json))
                Console.Out.WriteLine(answer.RootElement.GetRawText());
            else
                Print(answer.RootElement);
            return 0;
        });
        return command;
    }

    static void Print(JsonElement answer)
    {
        var table = new Table { Border = TableBorder.None };
        table.AddColumns("NAME", "SIZE", "CONTEXT", "LOOPS", "UNTIL");
        foreach (var model in answer.GetProperty("models").EnumerateArray())
        {
            table.AddRow(
                Markup.Escape(Front.Plain(model.GetProperty("name").GetString()!)),
                Sizes.Text(model.GetProperty("size").GetInt64()),
                model.GetProperty("context_length").GetInt64().ToString("N0", CultureInfo.InvariantCulture),
                model.GetProperty("loops").GetInt64().ToString(CultureInfo.InvariantCulture),
                Until(model));
        }

        Front.Results.Write(table);
    }

    static string Until(JsonElement model)
    {
        var until = model.GetProperty("expires_at").GetDateTimeOffset();
        return model.GetProperty("in_use").GetInt64() > 0 ? "in use"
            : until.Year > 9000 ? "for ever"
            : until.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }
}

/// <summary><c>ouro stop</c>: has a running server unload a model.</summary>
static class StopCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The model's name, as 'ouro ps' shows it." };
        var command = new Command("stop", "Has a running server unload a model as soon as nobody uses it.") { model, ServerOptions.Host, ServerOptions.ApiKey };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = new ServerClient(parsed);
            using var bytes = new MemoryStream();
            using (var json = new Utf8JsonWriter(bytes))
            {
                json.WriteStartObject();
                json.WriteString("model", parsed.GetRequiredValue(model));
                json.WriteNumber("keep_alive", 0);
                json.WriteBoolean("stream", false);
                json.WriteEndObject();
            }

            using var answer = await client.Ask(HttpMethod.Post, "/api/generate", bytes.ToArray(), cancel).ConfigureAwait(false);
            return 0;
        });
        return command;
    }
}

/// <summary>Asks a running server.</summary>
sealed class ServerClient : IDisposable
{
    readonly HttpClient _client;
    readonly ServerAddress _address;

    public ServerClient(ParseResult parsed)
    {
        _address = ServerOptions.AddressOf(parsed);
        _client = new HttpClient { BaseAddress = new Uri(_address.Url), MaxResponseContentBufferSize = 64 << 20 };
        if (ServerOptions.KeyOf(parsed) is { } key)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>The answer to a request.</summary>
    /// <exception cref="UserErrorException">The server is not there, or it refuses; its own sentence says why.</exception>
    public async Task<JsonDocument> Ask(HttpMethod method, string path, byte[]? json, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        try
        {
            using var response = await _client.SendAsync(request, cancel).ConfigureAwait(false);
            var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false));
            if (response.IsSuccessStatusCode)
                return answer;

            using (answer)
                throw new UserErrorException(answer.RootElement.TryGetProperty("error", out var error) ? error.ToString() : $"{_address} answered {(int)response.StatusCode}.");
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException)
        {
            throw new UserErrorException(problem is JsonException
                ? $"what answers at {_address} is no server of this kind; give its address with --host."
                : $"no server answers at {_address}. Start one with 'ouro serve', or give its address with --host.");
        }
    }

    public void Dispose() => _client.Dispose();
}
