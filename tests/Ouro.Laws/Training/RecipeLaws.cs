using Ouro.Formats;
using Ouro.Model;
using Ouro.Training;
using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>What a recipe says, and what it is told when it says something that cannot be done.</summary>
public sealed class RecipeLaws
{
    [Fact]
    public void A_recipe_says_what_it_says_and_the_rest_is_as_published()
    {
        var recipe = TinyRecipe.Read();

        recipe.Name.ShouldBe("tiny");
        recipe.OutputType.ShouldBe(ElementType.F32);
        recipe.Stages.Select(stage => stage.Name).ShouldBe(["first", "second", "gate"]);
        var (first, second, gate) = (recipe.Stages[0], recipe.Stages[1], recipe.Stages[2]);
        first.Objective.ShouldBe(new Objective.EntropyRegularised(0.05f));
        (first.WeightDecay, first.Clip, first.MicroBatches, first.StepsAt(1)).ShouldBe((0.1, 1, 2, 10));
        (first.StepsAt(0.1), first.StepsAt(1e-6), (first with { Tokens = 641 }).StepsAt(1)).ShouldBe((1, 1, 11));
        second.Upcycling.ShouldBe(new Upcycling(2, UpcycleOrder.Interleaved));
        second.LearningRate.ShouldBe(new LearningRate { Peak = 1e-3, Final = 1e-4, Schedule = Schedule.WarmupStableDecay, DecayShare = 0.5 });
        second.Mix["long"].ShouldBe(2);
        gate.Objective.ShouldBe(new Objective.Gate(50, 0.005f, GateLabel.AsPrinted));
        gate.Mix.ShouldBe(new Dictionary<string, double> { ["short"] = 1, ["long"] = 1 }, ignoreOrder: true);

        var start = ((ModelStart.Fresh)recipe.Start).Measures;
        (start.KvHeads, start.HeadSize, start.RopeTheta).ShouldBe((2, 16, 10_000));
        recipe.Configs(start).Select(config => (config.Layers, config.Loops)).ShouldBe([(1, 2), (2, 3), (2, 3)]);
    }

    [Theory]
    [InlineData("\"seed\": 3", "\"sead\": 3", "tiny.json: there is no 'sead' here", "seed")]
    [InlineData("\"layers\": 1", "\"layerz\": 1", "tiny.json, model: 'layers' is missing")]
    [InlineData("\"loops\": 3", "\"loop\": 3", "tiny.json, stages[2]: there is no 'loop' here", "loops")]
    [InlineData("\"peak\": 1e-2", "\"peak\": 11", "tiny.json, stages[3].learning_rate: 'peak' is 11, but", "to 10")]
    [InlineData("\"peak\": 1e-2", "\"peak\": \"high\"", "stages[3].learning_rate: 'peak' is '\"high\"', but a number is expected")]
    [InlineData("\"tokens\": 256", "\"tokens\": 25.5", "stages[3]: 'tokens' is 25.5, but it must be a whole number")]
    [InlineData("\"kind\": \"gate\"", "\"kind\": \"gait\"", "stages[3].objective: 'kind' is '\"gait\"', but one of stage1, depth, gate, expected_logits")]
    [InlineData("\"long\": 2", "\"lung\": 2", "stages[2].mix: 'lung' names the source 'lung', but 'data' has only short, long")]
    [InlineData("\"name\": \"second\"", "\"name\": \"first\"", "stages[2]: there are two stages 'first'")]
    [InlineData("\"micro_rows\": 32", "\"micro_rows\": 48", "stages[1]: 'rows' is 64, but it must be a multiple of 'micro_rows', which is 48")]
    [InlineData("\"micro_rows\": 32", "\"micro_rows\": 16", "stages[1]: 'longest' is 32, but a document must fit 'micro_rows', which is 16")]
    [InlineData("\"context\": 64", "\"context\": 16", "'first' has documents of up to 32 tokens, but the model's context is 16")]
    [InlineData("\"upcycle\": { \"layers\": 2", "\"upcycle\": { \"layers\": 0", "stages[2].upcycle: 'layers' is 0")]
    [InlineData("\"layers\": 1", "\"layers\": 3", "'second' makes 2 layers of 3")]
    [InlineData("\"kind\": \"gate\"", "\"kind\": \"depth\", \"loop\": 4", "'gate' asks for the loss of loop 4, but the model has 3 loops")]
    [InlineData("\"heads\": 2", "\"heads\": 2, \"kv_heads\": 3", "tiny.json, model: 2 heads cannot share 3")]
    [InlineData("\"task\": \"mano_ids\", \"operators\": 6", "\"task\": \"nono\"", "data.long: 'task' is '\"nono\"', but one of nano")]
    [InlineData("\"task\": \"mano_ids\", \"operators\": 6", "\"task\": \"nano\", \"kinds\": [\"none\"]", "data.long: the settings of 'nano' do not go together", "'none'")]
    [InlineData("\"task\": \"mano_ids\", \"operators\": 6", "", "data.long: say where examples come from")]
    [InlineData("\"tokenizer\": { \"ids\": 64 }", "\"tokenizer\": { }", "tokenizer: 'file' is missing")]
    [InlineData("\"model\": {", "\"from\": \"x\", \"model\": {", "give either 'model'", "or 'from'")]
    [InlineData("\"seed\": 3", "\"seed\": 3, \"seed\": 4", "names something twice")]
    [InlineData("\"seed\": 3", "\"seed\": 3 3", "not valid JSON in line 3")]
    [InlineData("\"name\": \"gate\"", "\"name\": \"\"", "stages[3]: 'name' is '\"\"', but a text in quotes that is not empty")]
    [InlineData("\"data\": {", "\"data\": [], \"more\": {", "tiny.json, data: here stands '[]', but an object in braces")]
    public void What_cannot_be_gets_one_sentence_with_its_place(string what, string instead, params string[] words)
    {
        var problem = Should.Throw<RecipeException>(() => TinyRecipe.With(what, instead));

        problem.Message.ShouldStartWith("tiny.json");
        problem.Message.ShouldEndWith(".");
        problem.Message.Any(char.IsControl).ShouldBeFalse(problem.Message);
        foreach (var word in words)
            problem.Message.ShouldContain(word);
    }

    [Fact]
    public void Only_what_changes_the_result_changes_the_fingerprint()
    {
        var recipe = TinyRecipe.Read();

        TinyRecipe.With("// comments are allowed", "").Fingerprint.ShouldBe(recipe.Fingerprint);
        TinyRecipe.With("\"seed\": 3", "\"seed\":   3").Fingerprint.ShouldBe(recipe.Fingerprint);
        string[] others =
        [
            TinyRecipe.With("\"seed\": 3", "\"seed\": 4").Fingerprint, (recipe with { TokensScale = 0.5 }).Fingerprint, recipe.Only(["first"]).Fingerprint,
            recipe.Only(["first", "gate"]).Fingerprint, recipe.Fingerprint,
        ];
        others.Distinct().Count().ShouldBe(others.Length);
        Should.Throw<RecipeException>(() => recipe.Only(["third"])).Message.ShouldContain("'third'");
    }

    [Fact]
    public void Every_recipe_of_this_repository_can_be_read()
    {
        var files = Directory.GetFiles(Repository.Path("recipes"), "*.json", SearchOption.AllDirectories);

        files.ShouldNotBeEmpty();
        foreach (var file in files)
            Recipe.Read(file).Stages.ShouldNotBeEmpty(file);
    }

    [Fact]
    public void Paths_are_relative_to_the_recipe()
    {
        var recipe = TinyRecipe.With("\"task\": \"mano_ids\", \"operators\": 6", "\"files\": \"a/b.jsonl\"");

        ((DataSource.Files)recipe.Sources["long"]).Paths.ShouldBe([Path.Combine(Path.GetTempPath(), "a", "b.jsonl")]);
    }
}
