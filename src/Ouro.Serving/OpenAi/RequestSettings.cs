using System.Text.Json;
using Ouro.Chat;
using Ouro.Generation;

namespace Ouro.Serving;

/// <summary>The settings of a request, at its top level: those of OpenAI, and ours under our names.</summary>
static class RequestSettings
{
    /// <summary>Most replies to one prompt.</summary>
    public const int MostChoices = 16;

    /// <summary>Most of the likeliest tokens beside each.</summary>
    public const int MostTopLogProbs = 20;

    /// <summary>What holds where neither the request nor the Modelfile says anything: as at OpenAI, every token can be drawn with its own chance.</summary>
    public static readonly ReplySettings Defaults = ReplySettings.None
        .With(Setting.Temperature, 1).With(Setting.TopP, 1).With(Setting.TopK, 0).With(Setting.RepeatPenalty, 1);

    static readonly string[] Numbers =
    [
        "temperature", "top_p", "seed", "top_k", "min_p", "repeat_penalty", "repeat_last_n", "num_ctx",
        "num_iterations", "num_loops", "total_ut_steps", "exit_threshold", "min_loops", "exit_confidence", "exit_state_change",
    ];

    static readonly string[] Words = ["draft_loops", "kv_policy", "kv_type"];

    static readonly string[] Refused = ["logit_bias", "frequency_penalty", "presence_penalty"];

    /// <summary>What a request sets, over what its model's Modelfile sets, over the defaults.</summary>
    /// <param name="lengths">The names under which the longest reply may be given, the one that counts first.</param>
    /// <exception cref="OpenAiException">A value is wrong, or cannot be had.</exception>
    public static ReplySettings Read(RequestField request, CatalogModel entry, int shortest, params ReadOnlySpan<string> lengths)
    {
        foreach (var name in Refused)
            RefuseUnlessZero(request, name);

        var settings = ReplySettings.None;
        foreach (var name in Numbers)
        {
            if (request.Find(name) is { } field)
                settings = field.IsNumber ? With(settings, name, field) : throw field.Not("a number");
        }

        foreach (var name in Words)
        {
            if (request.Find(name) is { } field)
                settings = With(settings, name, field);
        }

        if (request.Find("stop") is { } stop)
            settings = With(settings, "stop", stop);
        foreach (var name in lengths)
        {
            if (request.Find(name) is not { } length)
                continue;
            settings = settings.With(Setting.NumPredict, length.Whole(shortest, (int)Setting.NumPredict.High));
            break;
        }

        return settings.Over(entry.Settings).Over(Defaults);
    }

    /// <summary>How many replies are asked for.</summary>
    public static int Choices(RequestField request) => request.Find("n")?.Whole(1, MostChoices) ?? 1;

    static ReplySettings With(ReplySettings settings, string name, RequestField field)
    {
        try
        {
            // Zero is what people send who want the likeliest token only.
            return name == "top_p" && field.Value.GetDouble() == 0 ? settings.With(Setting.TopP, Setting.TopP.Low) : settings.With(name, field.Value);
        }
        catch (SettingException problem)
        {
            throw OpenAiException.Bad(name, problem.Message);
        }
    }

    static void RefuseUnlessZero(RequestField request, string name)
    {
        if (request.Find(name) is not { } field)
            return;

        var isNothing = field.Value.ValueKind switch
        {
            JsonValueKind.Number => field.Value.GetDouble() == 0,
            JsonValueKind.Object => field.Value.EnumerateObject().All(bias => bias.Value.ValueKind == JsonValueKind.Number && bias.Value.GetDouble() == 0),
            _ => throw field.Not(name == "logit_bias" ? "an object" : "a number"),
        };
        if (!isNothing)
            throw OpenAiException.Unsupported(name, $"{name} is not supported here; leave it out, or use repeat_penalty against repetition.");
    }
}
