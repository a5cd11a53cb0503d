namespace Ouro.Golden;

public sealed class TokenizerGolden
{
    [Fact]
    public void The_real_tokenizer_is_here() => File.Exists(GoldenData.Path("tokenizer/tokenizer.json")).ShouldBeTrue();
}
