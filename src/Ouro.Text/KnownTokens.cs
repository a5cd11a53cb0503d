namespace Ouro.Text;

/// <summary>Special tokens whose names carry meaning for Ouro; ids come from the vocabulary, never from here.</summary>
public static class KnownTokens
{
    /// <summary>Ends a document.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>Opens a chat turn; the role follows.</summary>
    public const string TurnStart = "<|im_start|>";

    /// <summary>Ends a chat turn.</summary>
    public const string TurnEnd = "<|im_end|>";

    /// <summary>Opens the reasoning.</summary>
    public const string Think = "<think>";

    /// <summary>Ends the reasoning; the answer follows.</summary>
    public const string ThinkEnd = "</think>";
}
