using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Training.Recipes;

namespace Ouro.Cli;

/// <summary><c>ouro finetune</c>: a recipe of one stage that begins with a checkpoint.</summary>
static class FinetuneCommand
{
    const int UsualLongest = 1024;
    const int UsualTokens = 2_000_000;

    // arXiv:2510.25741, section 4.4. Nothing is published about the gate's rate; its few numbers learn from nothing.
    const double UsualRate = 2e-5;
    const double UsualGateRate = 1e-3;

    static readonly Setting LearningRate = new("learning_rate", "The greatest learning rate; it falls to a tenth along a cosine.", UsualRate, 1e-12, 1);

    public static Command Create()
    {
        var source = new Argument<string>("CHECKPOINT") { Description = "A folder from Hugging Face, a .safetensors file in one, or a .gguf file." };
        var data = new Option<string[]>("--data")
        {
            Description = "A file of JSON lines, {\"messages\": [{\"role\", \"content\"}, ...]} or {\"text\"}, or a plain text. May be given several times.",
            Required = true,
        };
        var gateOnly = new Option<bool>("--gate-only") { Description = "Train the early-exit gate alone (a recipe's objective 'gate' with the label 'shifted'), to stop where another loop improves little; every other number stays." };
        var output = new Option<string?>("--output", "-o") { Description = "The folder to write; a name beside the source by default." };
        var tokens = SettingOptions.Between("--tokens", "Tokens to learn from.", 1, int.MaxValue, UsualTokens);
        var rate = SettingOptions.Number(LearningRate, shown: "2e-5, with --gate-only 1e-3");
        var rows = SettingOptions.Between("--rows", "Tokens of a step of the optimiser.", 2, 1 << 28, 8192);
        var longest = SettingOptions.Between("--longest", "Most tokens of a document; longer ones are cut.", 2, 1 << 20, UsualLongest);
        var keep = new Option<bool>("--keep-activations") { Description = "Less time for more memory, with the same result." };
        var type = new Choice<string>("--type", "How to store the weights.", ("bf16", "bf16"), ("f16", "f16"), ("f32", "f32"));
        var seed = SettingOptions.Seed<uint>("Another seed gives another order of examples [default: 1].");
        var sitting = new SittingOptions();

        var command = new Command("finetune", "Trains a model on, on your own chats or texts; or its early-exit gate alone.")
        {
            source, data, gateOnly, output, tokens, rate, rows, longest, keep, type.Option, seed,
        };
        sitting.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var path = parsed.GetRequiredValue(source);
            int context;
            using (var checkpoint = OuroCheckpoint.Open(path))
                context = checkpoint.Config.ContextTokens;

            var place = parsed.GetValue(output) ?? ConversionCommands.Beside(path, "-finetuned");
            var isGate = parsed.GetValue(gateOnly);
            var stage = Stage(isGate, parsed.GetValue(rate), parsed.GetValue(rows), Math.Min(parsed.GetValue(longest), context));
            stage["tokens"] = parsed.GetValue(tokens);
            stage["recompute"] = !parsed.GetValue(keep);
            var recipe = new JsonObject
            {
                ["name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(place))),
                ["seed"] = parsed.GetValue(seed) ?? 1,
                ["from"] = Path.GetFullPath(path),
                ["output"] = new JsonObject { ["type"] = type.Of(parsed) },
                ["data"] = new JsonObject { ["data"] = new JsonObject { ["files"] = JsonText.Strings(parsed.GetRequiredValue(data).Select(Path.GetFullPath)) } },
                ["stages"] = new JsonArray(stage),
            };
            return TrainCommand.Sit(Recipe.Parse(Text(recipe), "ouro finetune", Environment.CurrentDirectory), place, sitting.Of(parsed), cancel);
        }, cancel));
        return command;
    }

    static JsonObject Stage(bool isGate, double? rate, int rows, int longest)
    {
        // Whole micro-batches: as many as come nearest to what was asked for.
        var microRows = Math.Max(longest, Math.Min(rows, 2048));
        return new JsonObject
        {
            ["name"] = isGate ? "gate" : "finetune",
            ["objective"] = isGate ? new JsonObject { ["kind"] = "gate", ["label"] = "shifted" } : new JsonObject { ["kind"] = "stage1" },
            ["rows"] = Math.Max(1, (int)Math.Round((double)rows / microRows)) * microRows,
            ["micro_rows"] = microRows,
            ["longest"] = longest,
            ["weight_decay"] = isGate ? 0 : 0.1,
            ["learning_rate"] = new JsonObject { ["peak"] = rate ?? (isGate ? UsualGateRate : UsualRate), ["schedule"] = "cosine", ["warmup_steps"] = 10 },
        };
    }

    static string Text(JsonObject fields)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
            fields.WriteTo(writer);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
