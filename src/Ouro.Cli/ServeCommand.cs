using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Ouro.Chat;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Serving;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro serve</c>: answers programs and browsers until it is stopped.</summary>
sealed class ServeCommand
{
    readonly Argument<string?> _model = new("MODEL")
    {
        Description = $"A checkpoint folder, a .gguf or a .safetensors file to serve beside the model that comes with this program ('{OwnModel.Name}').",
        Arity = ArgumentArity.ZeroOrOne,
    };

    readonly Option<string?> _keepAlive = ServerOptions.Text(
        "--keep-alive", "How long an unused model stays loaded: 5m, 1h30m, 90 (seconds), 0 or -1 (for ever); else the environment's OURO_KEEP_ALIVE [default: 5m]", "time");

    readonly Option<int> _mostModels = SettingOptions.Between("--max-models", "Most models loaded at once.", 1, 1024, 1);
    readonly Option<int> _parallel = SettingOptions.Between("--parallel", "Most texts of a model computed together; others wait.", 1, 4096, new ChatModelOptions().MostTexts);
    readonly Option<int> _mostWaiting = SettingOptions.Between("--max-queue", "Most requests that wait; more are told to come again (503).", 0, 1 << 20, new ServingOptions().MostWaiting);
    readonly Option<int> _context = SettingOptions.Between(
        "--context", "num_ctx where neither request nor model says one; 0 takes 4096, or the model's if that is less.", 0, (int)Setting.NumCtx.High);

    readonly Option<string[]> _origins = new("--origins")
    {
        Description = "Pages from these origins may ask, too, such as https://chat.example; '*' lets any. May be given several times, or with commas.",
        HelpName = "origin",
    };

    readonly Option<bool> _quiet = new("--quiet") { Description = "No line for each request on standard error." };

    public static Command Create() => new ServeCommand().Build();

    Command Build()
    {
        var command = new Command("serve", "Serves models to programs that speak Ollama's API and to browsers, until Ctrl-C.")
        {
            _model, ServerOptions.Host, _keepAlive, _mostModels, _parallel, _mostWaiting, _context, ServerOptions.ApiKey, _origins, SettingOptions.Threads,
            SettingOptions.Activations.Option, _quiet,
        };
        command.SetAction((parsed, _) => Run(parsed));
        return command;
    }

    async Task<int> Run(ParseResult parsed)
    {
        var options = Options(parsed);
        var stored = new StoreLibrary(new ModelStore(), HubOptions.FromEnvironment(), OwnModel.PathIfAny, options.Loading.Threads);
        var models = new BuiltInLibrary(Models(parsed.GetValue(_model)), stored);
        var app = Build(options, models);
        await using (app.ConfigureAwait(false))
        {
            await Start(app, options).ConfigureAwait(false);
            Greet(ServingApp.AddressOf(app, options), options, models);
            await Interrupted().ConfigureAwait(false);
            await Console.Error.WriteLineAsync($"stopping: replies under way have {options.ShutdownTime.TotalSeconds:0} s to finish; Ctrl-C again ends them").ConfigureAwait(false);
            try
            {
                await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Some reply took longer, and was cut.
            }
        }

        return 0;
    }

    ServingOptions Options(ParseResult parsed) => new()
    {
        Address = ServerOptions.AddressOf(parsed),
        KeepAlive = KeepAliveOf(parsed),
        MostModels = parsed.GetValue(_mostModels),
        Parallel = parsed.GetValue(_parallel),
        MostWaiting = parsed.GetValue(_mostWaiting),
        ContextTokens = parsed.GetValue(_context) is > 0 and var context ? context : null,
        ApiKey = ServerOptions.KeyOf(parsed),
        Origins = [.. (parsed.GetValue(_origins) ?? []).SelectMany(origins => origins.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
        Loading = new LoadOptions { Threads = parsed.GetValue(SettingOptions.Threads), Activations = SettingOptions.Activations.Of(parsed) },
        Log = parsed.GetValue(_quiet) ? null : Console.Error.WriteLine,
    };

    TimeSpan KeepAliveOf(ParseResult parsed)
    {
        var text = parsed.GetValue(_keepAlive) ?? ServerOptions.Environment("OURO_KEEP_ALIVE");
        try
        {
            return text is null ? new ServingOptions().KeepAlive : KeepAlive.Parse(text);
        }
        catch (FormatException problem)
        {
            throw new UserErrorException(problem.Message);
        }
    }

    /// <summary>The model that comes along, and the one that was named.</summary>
    static List<CatalogModel> Models(string? named)
    {
        var models = new List<CatalogModel> { ModelFiles.Describe(OwnModel.Name, OwnModel.PathOf(null)) };
        if (named is null || (named == OwnModel.Name && !Path.Exists(named)))
            return models;

        using (OuroCheckpoint.Open(named))
        {
            // A file that cannot be used is refused now, not when somebody asks.
        }

        var name = ModelFiles.NameOf(named);
        models.RemoveAll(model => model.Name == ModelFiles.Tagged(name));
        models.Insert(0, ModelFiles.Describe(name, named));
        return models;
    }

    static WebApplication Build(ServingOptions options, IModelLibrary models)
    {
        try
        {
            return ServingApp.Build(options, models, OpenAiApi.Map);
        }
        catch (FormatException problem)
        {
            throw new UserErrorException(problem.Message);
        }
    }

    static async Task Start(WebApplication app, ServingOptions options)
    {
        try
        {
            await app.StartAsync(Interrupts.Token).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is IOException or System.Net.Sockets.SocketException)
        {
            throw new UserErrorException(problem.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException
                ? $"{options.Address} is in use already, perhaps by another server (Ollama takes the same port). End that one, or give another address, as in --host 127.0.0.1:0."
                : $"{options.Address} cannot be listened at ({problem.Message.TrimEnd('.')}). Give an address of this machine with --host.");
        }
    }

    static void Greet(ServerAddress address, ServingOptions options, BuiltInLibrary models)
    {
        Console.Out.WriteLine($"Ouro listens at {address.Url}");
        Console.Out.Flush();
        Console.Error.WriteLine($"models: {string.Join(", ", models.List().Select(model => Front.Plain(model.Name)))}");
        Console.Error.WriteLine($"open {address.Url} in a browser, or point a client of Ollama's API there; Ctrl-C stops");
        if (!options.Address.IsLoopback && options.ApiKey is null)
            Front.Warn($"anybody who can reach {options.Address} can use and change these models. Set a key with --api-key or OURO_API_KEY, or listen at 127.0.0.1 only.");
    }

    static async Task Interrupted()
    {
        try
        {
            await Task.Delay(Timeout.Infinite, Interrupts.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // That is what was waited for.
        }
    }
}
