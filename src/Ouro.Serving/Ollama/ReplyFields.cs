using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ouro.Chat;

namespace Ouro.Serving.Ollama;

/// <summary>What requests for a reply have in common, chat or not.</summary>
sealed record ReplyFields
{
    const int MostTopLogProbs = 20;

    /// <summary>As the client wrote it; answers repeat it.</summary>
    public required string Model { get; init; }

    /// <summary>Settings and warnings.</summary>
    public required RequestOptions Options { get; init; }

    /// <summary>False for one object at the end.</summary>
    public bool Streams { get; init; } = true;

    /// <summary>How long the model stays loaded; null as it is.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>Whether the model thinks first; null as it usually does.</summary>
    public bool? Thinks { get; init; }

    /// <summary>The form of the answer; null for none.</summary>
    public AnswerForm? Form { get; init; }

    /// <summary>How many of the likeliest tokens to report beside each; null for no probabilities.</summary>
    public int? TopLogProbs { get; init; }

    /// <summary>True to tell each token's id and depth.</summary>
    public bool TokenDepths { get; init; }

    /// <summary>Reads them.</summary>
    /// <exception cref="ApiException">One has the wrong type.</exception>
    public static ReplyFields Read(Fields request) => new()
    {
        Model = request.Model(),
        Options = RequestOptions.Read(request),
        Streams = request.Flag("stream") ?? true,
        KeepAlive = Serving.KeepAlive.Read(request["keep_alive"]),
        Thinks = ReadThinking(request),
        Form = ReadFormat(request["format"]),
        TopLogProbs = ReadLogProbs(request),
        TokenDepths = request.Flag("token_depths") ?? false,
    };

    /// <summary>What <c>format</c> asks for: <c>"json"</c>, or a schema; null if nothing.</summary>
    /// <exception cref="ApiException">It is neither.</exception>
    internal static AnswerForm? ReadFormat(JsonElement format) => format.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.String when format.GetString() is "" => null,
        JsonValueKind.String when format.GetString() is "json" => new AnswerForm(null),
        JsonValueKind.Object => new AnswerForm(format.Clone()),
        _ => throw new ApiException(StatusCodes.Status400BadRequest, "format must be \"json\" or a JSON schema, which is an object."),
    };

    static bool? ReadThinking(Fields request) => request["think"] switch
    {
        { ValueKind: JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.String } value when value.GetString() is "high" or "medium" or "low" => true,
        { ValueKind: JsonValueKind.String } value when value.GetString() is "" => null,
        var value => throw request.Wrong("think", value, "true, false, \"high\", \"medium\" or \"low\""),
    };

    static int? ReadLogProbs(Fields request)
    {
        var top = request.Whole("top_logprobs", 0, MostTopLogProbs);
        return request.Flag("logprobs") == true ? top ?? 0
            : top is > 0 ? throw new ApiException(StatusCodes.Status400BadRequest, "top_logprobs is set, but logprobs is not true; set both.")
            : null;
    }
}
