using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ouro.Formats;

namespace Ouro.Model;

/// <summary>A published checkpoint's <c>config.json</c> to measures and back.</summary>
public static class HuggingFaceConfig
{
    /// <summary>What the file is called in a checkpoint's folder.</summary>
    public const string FileName = "config.json";

    const long LargestFile = 4 << 20;

    /// <summary>Reads <c>config.json</c>.</summary>
    /// <exception cref="ModelFileException">It is not the configuration of an Ouro model, or its numbers cannot be.</exception>
    public static OuroConfig Read(string path)
    {
        using var document = Parse(path);
        var fields = new Fields(path, document.RootElement);
        RefuseOtherModels(path, fields);

        var heads = fields.Integer("num_attention_heads");
        var width = fields.Integer("hidden_size");
        var config = new OuroConfig
        {
            Layers = fields.Integer("num_hidden_layers"),
            Width = width,
            Heads = heads,
            KvHeads = fields.Integer("num_key_value_heads", orElse: heads),
            HeadSize = fields.Integer("head_dim", orElse: heads > 0 ? width / heads : 0),
            FeedForwardWidth = fields.Integer("intermediate_size"),
            Vocabulary = fields.Integer("vocab_size"),
            Loops = fields.Integer("total_ut_steps"),
            NormEpsilon = (float)fields.Number("rms_norm_eps", orElse: 1e-6),
            RopeTheta = fields.Number("rope_theta", orElse: fields.Inner("rope_parameters")?.Number("rope_theta")),
            ContextTokens = fields.Integer("max_position_embeddings"),
            ExitThreshold = (float)fields.Number("early_exit_threshold", orElse: 1),
            TiedHead = fields.Boolean("tie_word_embeddings", orElse: false),
        };
        return config.FirstImpossibility() is { } problem
            ? throw new ModelFileException(path, $"{problem}. The file is damaged or was edited by hand; fetch it again.")
            : config;
    }

    /// <summary>The text of a <c>config.json</c> that published programs read.</summary>
    /// <param name="stored">What the tensors are stored as: float32, float16 or bfloat16.</param>
    public static string Write(OuroConfig config, ElementType stored)
    {
        var fields = new JsonObject
        {
            ["architectures"] = new JsonArray("OuroForCausalLM"),
            ["attention_dropout"] = 0.0,
            ["auto_map"] = new JsonObject
            {
                ["AutoConfig"] = "configuration_ouro.OuroConfig",
                ["AutoModel"] = "modeling_ouro.OuroModel",
                ["AutoModelForCausalLM"] = "modeling_ouro.OuroForCausalLM",
            },
            ["head_dim"] = config.HeadSize,
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.Width,
            ["initializer_range"] = 0.02,
            ["intermediate_size"] = config.FeedForwardWidth,
            ["layer_types"] = new JsonArray([.. Enumerable.Repeat("full_attention", config.Layers).Select(type => JsonValue.Create(type))]),
            ["max_position_embeddings"] = config.ContextTokens,
            ["max_window_layers"] = config.Layers,
            ["model_type"] = "ouro",
            ["num_attention_heads"] = config.Heads,
            ["num_hidden_layers"] = config.Layers,
            ["num_key_value_heads"] = config.KvHeads,
            ["rms_norm_eps"] = Shortest(config.NormEpsilon),
            ["rope_scaling"] = null,
            ["rope_theta"] = config.RopeTheta,
            ["sliding_window"] = null,
            ["tie_word_embeddings"] = config.TiedHead,
            ["torch_dtype"] = TypeName(stored),
            ["total_ut_steps"] = config.Loops,
            ["early_exit_threshold"] = Shortest(config.ExitThreshold),
            ["use_cache"] = true,
            ["use_sliding_window"] = false,
            ["vocab_size"] = config.Vocabulary,
        };
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
            fields.WriteTo(writer);
        return Encoding.UTF8.GetString(text.ToArray()) + "\n";
    }

    /// <summary>What published configurations call a type that checkpoints are stored in.</summary>
    internal static string TypeName(ElementType stored) => stored switch
    {
        ElementType.F32 => "float32",
        ElementType.F16 => "float16",
        _ => "bfloat16",
    };

    /// <summary>The double with the fewest digits that is this number in single precision: 1E-06 and not 9.999999974752427E-07.</summary>
    static double Shortest(float number) => double.Parse(number.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>The JSON of a configuration: no key twice, and every text a text, so that whoever reads on meets no surprise.</summary>
    /// <exception cref="ModelFileException">The file is missing or is something else.</exception>
    internal static JsonDocument Parse(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > LargestFile)
                throw new ModelFileException(path, $"has {stream.Length:N0} bytes, but a configuration has a few thousand. It is some other file; fetch it again.");

            var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            ReadTexts(document.RootElement);
            return document;
        }
        catch (JsonException problem)
        {
            throw new ModelFileException(
                path, $"is not valid JSON, or names a field twice (line {(problem.LineNumber ?? 0) + 1}). The download is probably incomplete; fetch it again.");
        }
        catch (InvalidOperationException)
        {
            throw new ModelFileException(path, "holds a text with half a character (an unpaired surrogate). The file is damaged; fetch it again.");
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(
                path, "is missing: without it nobody knows the number of layers and loops. Fetch it from where the weights came from.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"cannot be read ({problem.Reason}); check its permissions and the disk.");
        }
    }

    /// <exception cref="InvalidOperationException">A text has no meaning in Unicode.</exception>
    static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    ReadTexts(item);
                break;
            case JsonValueKind.Object:
                foreach (var field in element.EnumerateObject())
                {
                    _ = field.Name;
                    ReadTexts(field.Value);
                }

                break;
        }
    }

    static void RefuseOtherModels(string path, Fields fields)
    {
        var model = fields.Text("model_type");
        if (model != "ouro")
        {
            throw new ModelFileException(
                path, $"describes a model of type {model?.Quoted ?? "that is not named"}, but only looped models of type 'ouro' can be run. Choose an Ouro checkpoint.");
        }

        if (fields.Text("hidden_act") is { } act && act != "silu")
            throw new ModelFileException(path, $"asks for the activation {act.Quoted}, but Ouro models use 'silu'. The file was edited by hand; fetch it again.");
        if (fields.Boolean("use_sliding_window", orElse: false))
            throw new ModelFileException(path, "asks for sliding-window attention, which no Ouro model uses and this program does not compute.");
        if (fields.HasValue("rope_scaling") || fields.Inner("rope_parameters")?.Text("rope_type") is not (null or "default"))
            throw new ModelFileException(path, "asks for scaled rotary positions ('rope_scaling'), which no Ouro model uses and this program does not compute.");
    }

    /// <summary>The fields of one JSON object, with one sentence for each thing that can be wrong.</summary>
    readonly struct Fields
    {
        readonly string _path;
        readonly JsonElement _root;

        public Fields(string path, JsonElement root)
        {
            if (root.ValueKind != JsonValueKind.Object)
                throw new ModelFileException(path, "is not a JSON object. It is some other file; fetch it again.");
            (_path, _root) = (path, root);
        }

        public bool HasValue(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

        /// <summary>The fields of an object within; newer programs keep the rotary base in one.</summary>
        public Fields? Inner(string name)
            => _root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? new Fields(_path, value) : null;

        public string? Text(string name)
            => _root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        public bool Boolean(string name, bool orElse) => !HasValue(name) ? orElse : _root.GetProperty(name).ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false"),
        };

        public int Integer(string name, int? orElse = null)
        {
            if (!HasValue(name))
                return orElse ?? throw Missing(name);

            var value = _root.GetProperty(name);
            return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var integer) ? integer : throw Wrong(name, "a whole number");
        }

        public double Number(string name, double? orElse = null)
        {
            if (!HasValue(name))
                return orElse ?? throw Missing(name);

            var value = _root.GetProperty(name);
            return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : throw Wrong(name, "a number");
        }

        ModelFileException Missing(string name)
            => new(_path, $"does not say '{name}', without which the model cannot be computed. Fetch the file again.");

        ModelFileException Wrong(string name, string expected)
        {
            var found = _root.GetProperty(name).GetRawText().Quoted;
            return new(_path, $"'{name}' is {found}, but {expected} that fits is expected. Fetch the file again.");
        }
    }
}
