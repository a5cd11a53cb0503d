using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving.Ollama;

/// <summary><c>/api/chat</c> and <c>/api/generate</c>.</summary>
static class ReplyRoutes
{
    const int MostMessages = 10_000;
    const int MostContext = 1 << 20;

    /// <summary>Continues a conversation.</summary>
    public static async Task Chat(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        var fields = ReplyFields.Read(request);
        var turns = request.Objects("messages", MostMessages).Select(ChatFields.ReadTurn).ToList();
        var tools = ChatFields.ReadTools(request);
        if (turns.Count == 0 && fields.KeepAlive == TimeSpan.Zero)
        {
            await Unload(context, fields, isChat: true, started).ConfigureAwait(false);
            return;
        }

        using var lease = await Rent(context, fields).ConfigureAwait(false);
        var settings = fields.Options.Over(lease.Entry, context.RequestServices.GetRequiredService<ServingOptions>());
        var run = new ReplyRun(context, fields, lease, isChat: true, started)
        {
            Warnings = fields.Options.WarningsFor(settings, lease.Model.Config, lease.Model.HasGate),
        };
        if (turns.Count == 0)
        {
            await run.AnswerLoading().ConfigureAwait(false);
            return;
        }

        RefuseThinking(fields, lease.Model);
        List<ChatTurn> all = [.. lease.Entry.Messages, .. turns];
        if (lease.Entry.System is { Length: > 0 } system && turns[0].Role != ChatMessage.System)
            all.Insert(0, new ChatTurn(ChatMessage.System, system));
        await run.Answer(lease.Model.Prepare(new ChatRequest(all, settings)
        {
            Thinks = fields.Thinks,
            Tools = tools,
            Form = fields.Form,
            TopLogProbs = fields.TopLogProbs,
        })).ConfigureAwait(false);
    }

    /// <summary>Answers a prompt, or continues a text as it stands.</summary>
    public static async Task Generate(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        var fields = ReplyFields.Read(request);
        var prompt = request.Text("prompt") ?? "";
        var isRaw = request.Flag("raw") ?? false;
        Refuse(request, isRaw, fields);
        if (prompt.Length == 0 && fields.KeepAlive == TimeSpan.Zero)
        {
            await Unload(context, fields, isChat: false, started).ConfigureAwait(false);
            return;
        }

        using var lease = await Rent(context, fields).ConfigureAwait(false);
        var settings = fields.Options.Over(lease.Entry, context.RequestServices.GetRequiredService<ServingOptions>());
        var run = new ReplyRun(context, fields, lease, isChat: false, started)
        {
            TellsContext = !isRaw,
            Warnings = fields.Options.WarningsFor(settings, lease.Model.Config, lease.Model.HasGate),
        };
        if (prompt.Length == 0)
        {
            await run.AnswerLoading().ConfigureAwait(false);
            return;
        }

        var before = request.Ids("context", MostContext, lease.Model.Config.Vocabulary);
        await run.Answer(isRaw || !lease.Model.IsChat
            ? Continuation(lease.Model, fields, settings, prompt, before, isRaw)
            : Question(lease, fields, settings, request.Text("system"), prompt, before)).ConfigureAwait(false);
    }

    /// <summary>A prompt in the chat format.</summary>
    static ReplyRequest Question(ModelLease lease, ReplyFields fields, ReplySettings settings, string? system, string prompt, int[] before)
    {
        RefuseThinking(fields, lease.Model);
        var turns = new List<ChatTurn>();
        // What goes before has had the model's own system message already.
        if ((system is { Length: > 0 } ? system : before.Length == 0 ? lease.Entry.System : null) is { Length: > 0 } instructions)
            turns.Add(new ChatTurn(ChatMessage.System, instructions));
        if (before.Length == 0)
            turns.AddRange(lease.Entry.Messages);
        turns.Add(new ChatTurn(ChatMessage.User, prompt));
        return lease.Model.Prepare(new ChatRequest(turns, settings)
        {
            Before = before,
            Thinks = fields.Thinks,
            Form = fields.Form,
            TopLogProbs = fields.TopLogProbs,
        });
    }

    /// <summary>A text to be continued as it stands. Only under <c>raw</c> may it spell special tokens: whoever sends that writes the format themselves.</summary>
    static ReplyRequest Continuation(ChatModel model, ReplyFields fields, ReplySettings settings, string prompt, int[] before, bool isRaw)
    {
        if (fields.Thinks == true)
            throw new ApiException(StatusCodes.Status400BadRequest, "think needs the chat format; leave raw out, or take a model that can chat.");

        var text = model.Tokenizer.Encode(prompt, isRaw ? SpecialText.Parsed : SpecialText.Plain);
        var reply = new ReplyRequest([.. before, .. text], settings)
        {
            SplitsThinking = false,
            TopLogProbs = fields.TopLogProbs,
            Seed = RandomSeed.Draw(),
        };
        return fields.Form is { } form ? model.Bound(reply, form) : reply;
    }

    static void Refuse(Fields request, bool isRaw, ReplyFields fields)
    {
        if (request.Text("suffix") is { Length: > 0 })
            throw new ApiException(StatusCodes.Status400BadRequest, $"\"{Problems.Plain(fields.Model)}\" does not support insert; leave suffix out.");
        if (request.List("images", MostMessages).Count > 0)
            throw new ApiException(StatusCodes.Status400BadRequest, "images cannot be read by models of this family; leave images out.");
        if (isRaw && (request.Text("system") is { Length: > 0 } || request.Text("template") is { Length: > 0 } || request.List("context", MostContext).Count > 0))
            throw new ApiException(StatusCodes.Status400BadRequest, "raw mode does not support template, system, or context; leave one or the other out.");
        if (request.Text("template") is { Length: > 0 })
            throw new ApiException(StatusCodes.Status400BadRequest, "a template cannot come with a request; make a model with it (create), or write the text yourself under raw.");
    }

    static void RefuseThinking(ReplyFields fields, ChatModel model)
    {
        if (fields.Thinks == true && model.IsChat && !model.Format.CanThink)
            throw new ApiException(StatusCodes.Status400BadRequest, $"\"{Problems.Plain(fields.Model)}\" does not support thinking");
    }

    static Task<ModelLease> Rent(HttpContext context, ReplyFields fields)
        => context.RequestServices.GetRequiredService<ModelPool>().Rent(fields.Model, fields.KeepAlive, context.RequestAborted);

    static Task Unload(HttpContext context, ReplyFields fields, bool isChat, long started)
    {
        if (context.RequestServices.GetRequiredService<IModelCatalog>().Find(fields.Model) is null)
            throw new UnknownModelException(fields.Model);

        context.RequestServices.GetRequiredService<ModelPool>().Unload(fields.Model);
        return ReplyRun.AnswerLoading(context, fields, isChat, isUnloading: true, Stopwatch.GetElapsedTime(started), TimeSpan.Zero);
    }
}
