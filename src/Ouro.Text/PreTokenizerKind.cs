namespace Ouro.Text;

/// <summary>How text is cut into pieces before merging; no token reaches across a cut.</summary>
public enum PreTokenizerKind
{
    /// <summary>GPT-2's pattern: contractions, words, numbers, punctuation and white space, each with one space in front.</summary>
    Gpt2,

    /// <summary>First every numeric character (Unicode Nd, Nl, No) is cut off alone, then GPT-2's pattern. Ouro and SmolLM use this.</summary>
    DigitsThenGpt2,
}
