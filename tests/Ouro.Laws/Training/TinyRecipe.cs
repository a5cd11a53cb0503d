using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>A recipe of three stages and a few dozen steps, and texts of it with something changed.</summary>
static class TinyRecipe
{
    public const string Text = """
        {
          "name": "tiny", // comments are allowed
          "seed": 3,
          "model": { "layers": 1, "width": 32, "heads": 2, "feed_forward_width": 32, "loops": 2, "context": 64 },
          "tokenizer": { "ids": 64 },
          "output": { "type": "f32" },
          "data": { "short": { "task": "mano_ids", "operators": 2 }, "long": { "task": "mano_ids", "operators": 6 } },
          "log_steps": 3,
          "stages": [
            { "name": "first", "tokens": 640, "rows": 64, "micro_rows": 32, "longest": 32,
              "learning_rate": { "peak": 1e-3, "schedule": "constant", "warmup_steps": 3 }, "mix": { "short": 1 } },
            { "name": "second", "tokens": 640, "rows": 64, "longest": 32, "upcycle": { "layers": 2, "order": "interleaved" }, "loops": 3, "gate_bias": -1,
              "learning_rate": { "peak": 1e-3, "decay_share": 0.5 }, "mix": { "short": 1, "long": 2 } },
            { "name": "gate", "tokens": 256, "rows": 64, "longest": 32, "objective": { "kind": "gate" }, "weight_decay": 0,
              "learning_rate": { "peak": 1e-2, "final": 0, "schedule": "cosine" } },
          ],
        }
        """;

    /// <summary>Steps in all stages.</summary>
    public const int Steps = 10 + 10 + 4;

    public static Recipe Read(string text = Text) => Recipe.Parse(text, "tiny.json", Path.GetTempPath());

    public static Recipe With(string what, string instead)
    {
        Text.ShouldContain(what);
        return Read(Text.Replace(what, instead, StringComparison.Ordinal));
    }
}
