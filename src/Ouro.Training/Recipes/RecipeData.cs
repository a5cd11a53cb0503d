using System.Globalization;
using Ouro.Formats;
using Ouro.Text;
using Ouro.Training.Data;

namespace Ouro.Training.Recipes;

/// <summary>The sources of a recipe, opened: what each stage takes its batches from.</summary>
/// <remarks>
/// Every stage has all sources, with weight 0 where its mix does not name one. So the counts of examples taken are numbers of the whole run, and a
/// stage goes on in each source where the one before it stopped.
/// </remarks>
sealed class RecipeData : IDisposable
{
    readonly Recipe _recipe;
    readonly string _folder;
    readonly List<(string Name, Func<int, IExampleSource> Open)> _sources = [];
    readonly List<TokenShards> _shards = [];
    readonly List<string> _notes = [];

    /// <param name="tokenizer">Null if all sources give ids.</param>
    /// <param name="vocabulary">Tokens that the model knows.</param>
    /// <param name="folder">Where tokenized files are kept.</param>
    /// <param name="isAnew">Whether files are tokenized in any case; else tokenized ones that are there are used, whatever has become of the files since.</param>
    /// <param name="ready">Called when nothing of the recipe can fail any more: may take away the tokenized files of an earlier run.</param>
    /// <exception cref="RecipeException">A source does not fit the tokenizer.</exception>
    /// <exception cref="ModelFileException">A file cannot be used.</exception>
    /// <exception cref="OperationCanceledException">Asked for.</exception>
    public RecipeData(Recipe recipe, Tokenizer? tokenizer, int vocabulary, string folder, bool isAnew, Action ready, CancellationToken cancel)
    {
        (_recipe, _folder) = (recipe, folder);
        try
        {
            var sources = recipe.Sources.ToArray();
            for (var i = 0; i < sources.Length; i++)
            {
                // What no stage asks for is not read.
                var (name, source) = sources[i];
                var isUsed = recipe.Stages.Any(stage => stage.Mix.ContainsKey(name));
                if (isUsed && source is DataSource.Files files)
                    Tokenize(name, FolderOf(i), files.Paths, ForText(name, tokenizer), isAnew, cancel);
                _sources.Add((name, isUsed && source is not DataSource.Files ? Opened(name, source, tokenizer, vocabulary) : _ => Unused.Instance));
            }

            ready();
            for (var i = 0; i < sources.Length; i++)
            {
                var (name, source) = sources[i];
                if (source is DataSource.Files && recipe.Stages.Any(stage => stage.Mix.ContainsKey(name)))
                    _sources[i] = (name, OpenTokenized(name, FolderOf(i), tokenizer!));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What a person should know, one sentence each; often empty.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The batches of a stage, from the start of every source.</summary>
    /// <param name="number">The stage's place in the recipe, from 0.</param>
    public Batches Open(Stage stage, int number)
    {
        var rows = stage.Longest - 1;   // n tokens give n - 1 rows
        var parts = _sources.Select(source => new Part(source.Open(rows), stage.Mix.GetValueOrDefault(source.Name))).ToArray();
        return new Batches(new Mixture(Draws.Hash(_recipe.Seed, number), parts), stage.MicroRows, rows);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _shards.ForEach(shards => shards.Dispose());

    /// <summary>The texts that a tokenizer is learnt from.</summary>
    /// <exception cref="RecipeException">A source gives no text.</exception>
    /// <exception cref="ModelFileException">A file cannot be read.</exception>
    public static IEnumerable<string> Texts(Recipe recipe, TokenizerStart.Trained start)
        => start.Sources.SelectMany(name => recipe.Sources[name] switch
        {
            DataSource.Files files => files.Paths.SelectMany(TextsOf),
            DataSource.Generated task => TextsOf(name, RecipeTasks.Open(task, SeedOf(recipe, name)), start.Examples),
            _ => throw NoText(name),
        });

    static IEnumerable<string> TextsOf(string name, TaskExamples examples, int count)
    {
        var numbers = Enumerable.Range(0, count);
        return examples switch
        {
            TaskExamples.Questions questions => numbers.Select(number => questions.Item(number)).SelectMany(item => new[] { item.Question, item.Answer }),
            TaskExamples.Documents documents => numbers.Select(number => documents.Text(number)),
            _ => throw NoText(name),
        };
    }

    static IEnumerable<string> TextsOf(string file) => TokenShardWriter.Documents(file).SelectMany(line => line switch
    {
        TrainingLine.Document document => [document.Text],
        TrainingLine.Chat chat => chat.Messages.Select(message => message.Content),
        _ => Enumerable.Empty<string>(),
    });

    Func<int, IExampleSource> Opened(string name, DataSource source, Tokenizer? tokenizer, int vocabulary)
    {
        var seed = SeedOf(_recipe, name);
        switch (source)
        {
            case DataSource.Generated task:
                var examples = Opened(name, RecipeTasks.Open(task, seed), tokenizer, vocabulary);
                return _ => examples;
            default:
                var shards = TokenShards.Open(((DataSource.Shards)source).Folder);
                _shards.Add(shards);
                shards.CheckMadeWith(ForText(name, tokenizer).Vocabulary);
                return rows => new ShardExamples(shards, rows, seed);
        }
    }

    static IExampleSource Opened(string name, TaskExamples examples, Tokenizer? tokenizer, int vocabulary) => examples switch
    {
        TaskExamples.Questions questions => ChatMl.FitsIn(ForText(name, tokenizer).Vocabulary)
            ? new ChatExamples(questions.Item, tokenizer!, questions.Turns)
            : throw NoToken(name, KnownTokens.TurnStart),
        TaskExamples.Documents documents => new TextExamples(documents.Text, ForText(name, tokenizer)),
        TaskExamples.Ids ids => ids.Vocabulary <= vocabulary
            ? ids.Source
            : throw new RecipeException($"the source {name.Quoted} has ids up to {ids.Vocabulary - 1}, but the model knows {vocabulary}; raise 'ids' of the tokenizer."),
        _ => throw new InvalidOperationException($"Unknown examples {examples.GetType().Name}."),
    };

    string FolderOf(int source) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{RunFolder.DataPrefix}{source + 1}"));

    /// <summary>Tokenizes files beside the place of their tokens, unless these may be used as they are.</summary>
    void Tokenize(string name, string folder, IReadOnlyList<string> files, Tokenizer tokenizer, bool isAnew, CancellationToken cancel)
    {
        var isThere = Directory.Exists(folder);
        if (isThere && !RunFolder.IsData(folder))
            throw new RecipeException(folder, $"is where the tokens of {name.Quoted} belong, but holds something else; move it away, or choose another folder with -o.");
        if (isThere && !isAnew)
            return;

        var unfinished = folder + RunFolder.Partial;
        if (Directory.Exists(unfinished) && RunFolder.IsData(unfinished))
            Directory.Delete(unfinished, recursive: true);
        var report = TokenShardWriter.Write(unfinished, files, tokenizer, cancel: cancel);
        if (report.FirstBadLines is [var first, ..])
            _notes.Add($"{report.BadLines:N0} lines of {name.Quoted} were passed over; the first is line {first.Line:N0} of {first.File}, since {first.Reason}.");
    }

    Func<int, IExampleSource> OpenTokenized(string name, string folder, Tokenizer tokenizer)
    {
        if (!Directory.Exists(folder))
            Directory.Move(folder + RunFolder.Partial, folder);
        var shards = TokenShards.Open(folder);
        _shards.Add(shards);
        shards.CheckMadeWith(tokenizer.Vocabulary);
        var seed = SeedOf(_recipe, name);
        return rows => new ShardExamples(shards, rows, seed);
    }

    static Tokenizer ForText(string name, Tokenizer? tokenizer)
    {
        if (tokenizer is null)
            throw new RecipeException($"the source {name.Quoted} gives text, but the recipe has no tokenizer; give \"train\", \"file\" or \"published\" in 'tokenizer'.");
        return tokenizer.Vocabulary.FindSpecial(KnownTokens.EndOfText) is not null ? tokenizer : throw NoToken(name, KnownTokens.EndOfText);
    }

    static RecipeException NoToken(string name, string token)
        => new($"the source {name.Quoted} needs the special token {token}, which the tokenizer does not have; take another tokenizer.");

    static RecipeException NoText(string name)
        => new($"the source {name.Quoted} gives ids and no text, so no tokenizer can be learnt from it; name another in 'train'.");

    static ulong SeedOf(Recipe recipe, string name) => Draws.Hash(recipe.Seed, (long)Draws.Hash(name));

    sealed class Unused : IExampleSource
    {
        public static readonly Unused Instance = new();

        public Example this[long number] => throw new InvalidOperationException("A source that no stage names was asked for an example.");
    }
}
