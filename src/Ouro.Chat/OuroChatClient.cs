using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Ouro.Formats;

namespace Ouro.Chat;

/// <summary>A looped model as an <see cref="IChatClient"/>.</summary>
/// <remarks>
/// Thread-safe: any number of conversations share the weights and the passes. Honoured are temperature, top-p, top-k, seed, stop sequences, output limit,
/// instructions, reasoning, response format, tools and tool mode; every setting of <see cref="ReplySettings.Names"/> can be given by name in
/// <see cref="ChatOptions.AdditionalProperties"/>, for instance <c>num_iterations</c>. What cannot be honoured is refused by name.
/// Depth comes back in <see cref="UsageDetails.AdditionalCounts"/> (<c>depth_1</c>, <c>depth_2</c>, ...: tokens decided after so many loops) and as
/// <c>mean_depth</c> in the additional properties of the reply.
/// </remarks>
public sealed class OuroChatClient : IChatClient
{
    readonly ChatModel _model;
    readonly bool _isOwner;
    readonly ChatClientMetadata _metadata;

    /// <param name="model">What answers.</param>
    /// <param name="isOwner">True to dispose the model with this client.</param>
    public OuroChatClient(ChatModel model, bool isOwner = false)
        => (_model, _isOwner, _metadata) = (model, isOwner, new ChatClientMetadata("ouro", null, System.IO.Path.GetFileNameWithoutExtension(model.Loaded.Path)));

    /// <summary>Loads a model: a folder from Hugging Face, a .safetensors file in such a folder, or a .gguf file.</summary>
    /// <exception cref="ModelFileException">It cannot be used; the message is fit for a person.</exception>
    public OuroChatClient(string path, LoadOptions? loading = null)
        : this(ChatModel.Open(path, loading), isOwner: true)
    {
    }

    /// <inheritdoc/>
    /// <exception cref="ChatException">A message or an option cannot be honoured; the sentence names it.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var contents = new List<AIContent>();
        ChatResponseUpdate? last = null;
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            foreach (var content in update.Contents)
                Join(contents, content);
            last = update;
        }

        var usage = contents.OfType<UsageContent>().Single();
        contents.Remove(usage);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents) { MessageId = last!.MessageId })
        {
            ResponseId = last.ResponseId,
            ModelId = last.ModelId,
            CreatedAt = last.CreatedAt,
            FinishReason = last.FinishReason,
            Usage = usage.Details,
            AdditionalProperties = last.AdditionalProperties,
        };
    }

    /// <inheritdoc/>
    /// <exception cref="ChatException">A message or an option cannot be honoured; the sentence names it.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = ChatClientRequest.Of(messages, options);
        var (id, created, hasCalled) = ($"ouro-{Guid.NewGuid():N}", TimeProvider.System.GetUtcNow(), false);
        await foreach (var piece in _model.Reply(request, cancellationToken).ConfigureAwait(false))
        {
            var update = new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                ResponseId = id,
                MessageId = id,
                ModelId = _metadata.DefaultModelId,
                CreatedAt = created,
            };
            if (piece.Reasoning.Length > 0)
                update.Contents.Add(new TextReasoningContent(piece.Reasoning));
            if (piece.Answer.Length > 0)
                update.Contents.Add(new TextContent(piece.Answer));
            foreach (var call in piece.ToolCalls)
                update.Contents.Add(new FunctionCallContent(call.Id, call.Name, ChatClientRequest.Arguments(call.Arguments)));
            hasCalled |= piece.ToolCalls.Count > 0;
            if (piece.Summary is { } summary)
                Conclude(update, summary, hasCalled);
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(_model) ? _model
            : null;
    }

    /// <summary>Lets go of the model if this client owns it.</summary>
    public void Dispose()
    {
        if (_isOwner)
            _model.Dispose();
    }

    static void Join(List<AIContent> contents, AIContent content)
    {
        if (contents.LastOrDefault() is TextContent before && content is TextContent more)
            before.Text += more.Text;
        else if (contents.LastOrDefault() is TextReasoningContent thought && content is TextReasoningContent further)
            thought.Text += further.Text;
        else
            contents.Add(content);
    }

    static void Conclude(ChatResponseUpdate update, ReplySummary summary, bool hasCalled)
    {
        var counts = new AdditionalPropertiesDictionary<long>();
        for (var loop = 1; loop <= summary.Depths.Count; loop++)
            counts[$"depth_{loop}"] = summary.Depths[loop - 1];
        counts["passes"] = summary.Counters.Passes;
        counts["drafts"] = summary.Counters.Guesses;
        counts["drafts_kept"] = summary.Counters.GuessesKept;
        update.FinishReason = summary.End != ReplyEnd.Stop ? ChatFinishReason.Length : hasCalled ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop;
        update.AdditionalProperties = new AdditionalPropertiesDictionary { ["mean_depth"] = summary.MeanDepth, ["loops"] = summary.Loops, ["seed"] = summary.Seed };
        update.Contents.Add(new UsageContent(new UsageDetails
        {
            InputTokenCount = summary.PromptTokens,
            OutputTokenCount = summary.Tokens,
            TotalTokenCount = summary.PromptTokens + summary.Tokens,
            CachedInputTokenCount = summary.CachedTokens,
            ReasoningTokenCount = summary.ReasoningTokens,
            AdditionalCounts = counts,
        }));
    }
}
