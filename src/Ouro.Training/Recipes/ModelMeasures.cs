using Ouro.Model;

namespace Ouro.Training.Recipes;

/// <summary>The measures of a new model in a recipe.</summary>
static class ModelMeasures
{
    public static readonly RecipeNumber Layers = new("layers", double.NaN, 1, 10_000, IsWhole: true);
    public static readonly RecipeNumber RopeBase = new("rope_base", 10_000, 1, 1e12);
    public static readonly RecipeNumber Context = new("context", 4096, 2, 1 << 28, IsWhole: true);

    static readonly RecipeNumber Width = new("width", double.NaN, 2, 1 << 20, IsWhole: true);
    static readonly RecipeNumber Heads = new("heads", double.NaN, 1, 1 << 16, IsWhole: true);
    static readonly RecipeNumber KvHeads = new("kv_heads", double.NaN, 1, 1 << 16, IsWhole: true);
    static readonly RecipeNumber HeadSize = new("head_size", double.NaN, 2, 1 << 16, IsWhole: true);
    static readonly RecipeNumber FeedForwardWidth = new("feed_forward_width", double.NaN, 1, 1 << 22, IsWhole: true);

    public static OuroConfig Read(RecipeFields fields)
    {
        var (width, heads) = (fields.Whole(Width), fields.Whole(Heads));
        var config = new OuroConfig
        {
            Layers = fields.Whole(Layers),
            Width = width,
            Heads = heads,
            KvHeads = fields.Whole(KvHeads, heads),
            HeadSize = fields.Whole(HeadSize, width / heads),
            FeedForwardWidth = fields.Whole(FeedForwardWidth),
            Vocabulary = 1,   // the tokenizer's, known when there is one
            Loops = fields.Whole(Stage.LoopsNumber),
            RopeTheta = fields.Number(RopeBase),
            ContextTokens = fields.Whole(Context),
            TiedHead = fields.Boolean("tied_head", orElse: false),
        };
        fields.End();
        return config.FirstImpossibility() is { } problem ? throw new RecipeException(fields.Place, $"{problem}.") : config;
    }
}
