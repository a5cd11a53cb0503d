using Ouro.Serving.Store;

namespace Ouro.Laws.Serving.Store;

/// <summary>A name means one place in the store, whatever somebody puts into it.</summary>
public sealed class ModelNameLaws
{
    [Theory]
    [InlineData("ouro", "ouro:latest", "library/ouro/latest.json")]
    [InlineData("Ouro:Q4_K_M", "Ouro:Q4_K_M", "library/ouro/q4_k_m.json")]
    [InlineData("me/ouro-1.4b", "me/ouro-1.4b:latest", "me/ouro-1.4b/latest.json")]
    [InlineData("hf.co/Me/Ouro:q8_0", "Me/Ouro:q8_0", "me/ouro/q8_0.json")]
    [InlineData("hf:me/ouro", "me/ouro:latest", "me/ouro/latest.json")]
    [InlineData("library/ouro:latest", "ouro:latest", "library/ouro/latest.json")]
    public void A_name_has_one_form_and_one_place(string text, string shown, string place)
    {
        var name = ModelName.Parse(text);

        name.ToString().ShouldBe(shown);
        name.ManifestPath.ShouldBe(place.Replace('/', Path.DirectorySeparatorChar));
        ModelName.Parse(name.ToString()).ShouldBe(name);
        ModelName.Parse(text.ToUpperInvariant().Replace("HF.CO", "hf.co", StringComparison.Ordinal)).ShouldBe(name);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/../b")]
    [InlineData("a/b/c")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\b")]
    [InlineData("a:b:c")]
    [InlineData("a:")]
    [InlineData(":a")]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("a:../../x")]
    [InlineData("a:b/c")]
    [InlineData(".hidden")]
    [InlineData("-flag")]
    [InlineData("a..b")]
    [InlineData("dot.")]
    [InlineData("con")]
    [InlineData("NUL.txt")]
    [InlineData("a:com1")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("ü")]
    [InlineData("a%2e%2e")]
    [InlineData("C:\\x")]
    [InlineData("https://hf.co/a/b")]
    public void Whatever_could_lead_elsewhere_is_no_name(string text)
    {
        ModelName.TryParse(text, out _).ShouldBeFalse();
        var problem = Should.Throw<StoreException>(() => ModelName.Parse(text));
        problem.Message.Any(char.IsControl).ShouldBeFalse();
        problem.Message.ShouldContain("is not a model's name");
    }

    [Fact]
    public void Parts_have_a_longest_length()
    {
        ModelName.TryParse(new string('a', 80), out _).ShouldBeTrue();
        ModelName.TryParse(new string('a', 81), out _).ShouldBeFalse();
        ModelName.TryParse("a:" + new string('b', 100_000), out _).ShouldBeFalse();
    }

    [Fact]
    public void Every_name_that_is_one_stays_below_the_store()
    {
        var random = new Random(3);
        const string Symbols = "ab./\\:-_ \0%~$*?é";
        var root = Path.GetFullPath("store");
        for (var i = 0; i < 50_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => Symbols[random.Next(Symbols.Length)]));
            if (!ModelName.TryParse(text, out var name))
                continue;

            var place = Path.GetFullPath(Path.Combine(root, name.ManifestPath));
            place.ShouldStartWith(root + Path.DirectorySeparatorChar);
            place[root.Length..].Split(Path.DirectorySeparatorChar).Length.ShouldBe(4);
        }
    }

    [Theory]
    [InlineData("sha256:4b8106075b1451be8586da0d23eda0e365f2ffb96fa9268589d39b9ffc94cad3", true)]
    [InlineData("sha256-4b8106075b1451be8586da0d23eda0e365f2ffb96fa9268589d39b9ffc94cad3", true)]
    [InlineData("sha256:4B8106075b1451be8586da0d23eda0e365f2ffb96fa9268589d39b9ffc94cad3", false)]
    [InlineData("sha256:4b81", false)]
    [InlineData("sha256/4b8106075b1451be8586da0d23eda0e365f2ffb96fa9268589d39b9ffc94cad3", false)]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../etc/passwd", false)]
    public void A_digest_is_64_digits_and_nothing_else(string text, bool isOne) => Digest.TryParse(text, out _).ShouldBe(isOne);
}
