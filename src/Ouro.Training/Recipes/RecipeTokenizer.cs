using Ouro.Formats;
using Ouro.Model;
using Ouro.Text;

namespace Ouro.Training.Recipes;

/// <summary>Finds or learns the vocabulary of a recipe.</summary>
static class RecipeTokenizer
{
    /// <summary>The vocabulary; null where the recipe works with ids only.</summary>
    /// <exception cref="RecipeException">There is none where the recipe says.</exception>
    /// <exception cref="ModelFileException">A file is damaged.</exception>
    /// <exception cref="OperationCanceledException">Asked for.</exception>
    public static Vocabulary? Make(Recipe recipe, CancellationToken cancel) => recipe.Tokenizer switch
    {
        TokenizerStart.Published => OuroVocabulary.Instance,
        TokenizerStart.File file => Open(file.Path) ?? throw new RecipeException(file.Path, "has no tokenizer; put its tokenizer.json beside the weights."),
        TokenizerStart.Trained trained => new BpeTrainer { VocabularySize = trained.Vocabulary }.Train(RecipeData.Texts(recipe, trained), cancel),
        TokenizerStart.IdsOnly => null,
        var other => throw new InvalidOperationException($"Unknown tokenizer {other.GetType().Name}."),
    };

    static Vocabulary? Open(string path)
    {
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            return TokenizerJson.Read(path);
        if (Directory.Exists(path))
            return ModelVocabulary.InFolder(path);

        using var checkpoint = OuroCheckpoint.Open(path);
        return ModelVocabulary.Find(checkpoint.Gguf, checkpoint.Folder);
    }
}
