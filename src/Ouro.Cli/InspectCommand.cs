using System.CommandLine;
using System.Text.Json.Nodes;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary><c>ouro inspect</c>: what a model file holds, what it lacks, and what running it takes.</summary>
static class InspectCommand
{
    const string Fields =
        "path, format, architecture, name, parameters, weight_bytes, bits_per_weight, layers, loops (null if not stated), "
        + "width, heads, kv_heads, head_size, feed_forward_width, vocabulary, norm_epsilon, rope_theta, context_tokens, "
        + "exit_threshold, tied_head, gate, stop_ids, types [{type, tensors, parameters, bytes}], activations (int8 or f32), memory {context_tokens, "
        + "weight_bytes, cache_bytes_per_token, cache_bytes, total_bytes}, missing, unknown, problems; with --tensors also "
        + "tensors [{name, type, shape, bytes}].";

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A .gguf file, a folder from Hugging Face, or a .safetensors file in one." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object: " + Fields };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor." };
        var context = SettingOptions.Between("--num-ctx", "Tokens of context to reckon the memory for.", 1, (int)Setting.NumCtx.High, 4096);

        var command = new Command("inspect", "Shows a model's measures, loops, gate, tensors and memory need, and says plainly what is missing.")
        {
            file, json, tensors, context,
        };
        command.SetAction(parsed =>
        {
            var inspection = ModelInspection.Of(parsed.GetRequiredValue(file));
            var stops = StopIds(inspection);
            if (parsed.GetValue(json))
                JsonText.Print(Json(inspection, stops, parsed.GetValue(context), parsed.GetValue(tensors)));
            else
                Print(inspection, stops, parsed.GetValue(context), parsed.GetValue(tensors));
            return 0;
        });
        return command;
    }

    /// <summary>Ids that end an answer; null if the model's tokenizer is not there or cannot be used.</summary>
    static IReadOnlyList<int>? StopIds(ModelInspection inspection)
    {
        try
        {
            if (inspection.Format == "gguf")
            {
                using var gguf = GgufFile.Open(inspection.Path);
                return GgufTokenizer.Read(gguf.Metadata, gguf.Path)?.StopIds;
            }

            var folder = Directory.Exists(inspection.Path) ? inspection.Path : Path.GetDirectoryName(Path.GetFullPath(inspection.Path))!;
            return ModelVocabulary.InFolder(folder)?.StopIds;
        }
        catch (ModelFileException)
        {
            return null;
        }
    }

    static void Print(ModelInspection inspection, IReadOnlyList<int>? stops, int context, bool withTensors)
    {
        Line("model", $"{inspection.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(inspection.Path))} ({inspection.Format}, "
            + $"architecture {inspection.Architecture ?? "not named"})");
        Line("parameters", $"{inspection.Parameters:N0}");
        Line("weights", $"{Sizes.Text(inspection.WeightBytes)}, {inspection.BitsPerWeight:F2} bits per weight");
        if (inspection.Config is { } config)
            PrintMeasures(inspection, config);
        Line("gate", inspection.HasGate ? "present: tokens can leave the loops early" : "not there: every token runs all loops");
        Line("stop tokens", stops is null ? "unknown: no usable tokenizer in the file" : string.Join(", ", stops));
        foreach (var total in inspection.Types)
        {
            Line($"  {total.Type}", $"{total.Tensors:N0} tensors, {total.Elements:N0} numbers, {Sizes.Text(total.Bytes)}");
        }

        Line("activations", inspection.IsQuantized ? "8-bit beside the quantised weights, unless a command is given --activations f32" : "single precision");
        if (inspection.Config is { } measures && inspection.Memory(context) is { } need)
        {
            Line("memory", $"{Sizes.Text(need.TotalBytes)} at {context:N0} tokens of context");
            Line("  weights", Sizes.Text(need.WeightBytes));
            Line("  keys, values", $"{Sizes.Text(need.CacheBytes)} = 2 x {measures.Layers} layers x "
                + $"{measures.Loops} loops x {measures.KvHeads} heads x {measures.HeadSize} x 2 bytes (f16) x {context:N0} tokens");
        }

        if (withTensors)
        {
            foreach (var tensor in inspection.Tensors)
                Console.WriteLine($"  {tensor.Type,-5} [{string.Join(", ", tensor.Shape)}] {Front.Plain(tensor.Name)}");
        }

        PrintProblems(inspection);
    }

    static void PrintMeasures(ModelInspection inspection, OuroConfig config)
    {
        Line("loops", $"{(inspection.StatesLoops ? config.Loops.ToString() : "not stated,")} over {config.Layers} layers");
        Line("measures", $"width {config.Width:N0}, {config.Heads} heads of {config.HeadSize} ({config.KvHeads} for keys and "
            + $"values), feed-forward {config.FeedForwardWidth:N0}, vocabulary "
            + $"{config.Vocabulary:N0}{(config.TiedHead ? ", head tied to the embedding" : "")}");
        Line("context", $"{config.ContextTokens:N0} tokens, rotary base {config.RopeTheta:N0}, norm epsilon {config.NormEpsilon}");
        Line("exit at", $"{config.ExitThreshold}{(config.ExitThreshold >= 1 ? " (never early unless asked)" : "")}");
    }

    static void PrintProblems(ModelInspection inspection)
    {
        foreach (var problem in inspection.Problems)
            Console.WriteLine($"! {Front.Plain(problem)}");
        foreach (var name in inspection.Missing.Take(5))
            Console.WriteLine($"  missing: {Front.Plain(name)}");
        if (inspection.Missing.Count > 5)
            Console.WriteLine($"  missing: {inspection.Missing.Count - 5:N0} more");
        foreach (var name in inspection.Unknown.Take(5))
            Console.WriteLine($"  unknown, no part of the model: {Front.Plain(name)}");
        if (inspection.Unknown.Count > 5)
            Console.WriteLine($"  unknown: {inspection.Unknown.Count - 5:N0} more");
    }

    static JsonObject Json(ModelInspection inspection, IReadOnlyList<int>? stops, int context, bool withTensors)
    {
        var config = inspection.Config;
        var json = new JsonObject
        {
            ["path"] = inspection.Path,
            ["format"] = inspection.Format,
            ["architecture"] = inspection.Architecture,
            ["name"] = inspection.Name,
            ["parameters"] = inspection.Parameters,
            ["weight_bytes"] = inspection.WeightBytes,
            ["bits_per_weight"] = Math.Round(inspection.BitsPerWeight, 4),
            ["layers"] = config?.Layers,
            ["loops"] = inspection.StatesLoops ? config?.Loops : null,
            ["width"] = config?.Width,
            ["heads"] = config?.Heads,
            ["kv_heads"] = config?.KvHeads,
            ["head_size"] = config?.HeadSize,
            ["feed_forward_width"] = config?.FeedForwardWidth,
            ["vocabulary"] = config?.Vocabulary,
            ["norm_epsilon"] = config?.NormEpsilon,
            ["rope_theta"] = config?.RopeTheta,
            ["context_tokens"] = config?.ContextTokens,
            ["exit_threshold"] = config?.ExitThreshold,
            ["tied_head"] = config?.TiedHead,
            ["gate"] = inspection.HasGate,
            ["stop_ids"] = stops is null ? null : new JsonArray([.. stops.Select(id => (JsonNode?)JsonValue.Create(id))]),
            ["types"] = JsonText.Objects(inspection.Types.Select(total => new JsonObject
            {
                ["type"] = total.Type.ToString(),
                ["tensors"] = total.Tensors,
                ["parameters"] = total.Elements,
                ["bytes"] = total.Bytes,
            })),
            ["activations"] = inspection.IsQuantized ? "int8" : "f32",
            ["memory"] = inspection.Memory(context) is not { } need ? null : new JsonObject
            {
                ["context_tokens"] = context,
                ["weight_bytes"] = need.WeightBytes,
                ["cache_bytes_per_token"] = need.CacheBytesPerToken,
                ["cache_bytes"] = need.CacheBytes,
                ["total_bytes"] = need.TotalBytes,
            },
            ["missing"] = JsonText.Strings(inspection.Missing),
            ["unknown"] = JsonText.Strings(inspection.Unknown),
            ["problems"] = JsonText.Strings(inspection.Problems),
        };
        if (withTensors)
        {
            json["tensors"] = JsonText.Objects(inspection.Tensors.Select(tensor => new JsonObject
            {
                ["name"] = tensor.Name,
                ["type"] = tensor.Type.ToString(),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode?)JsonValue.Create(size))]),
                ["bytes"] = tensor.ByteLength,
            }));
        }

        return json;
    }

    static void Line(string label, string value) => Console.WriteLine($"{label,-16}{Front.Plain(value)}");
}
