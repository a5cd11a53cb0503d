namespace Ouro.Text;

/// <summary>What a token is for. Values are those of GGUF's <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenKind
{
    /// <summary>A run of bytes that merging makes from text; spelled in byte-level characters.</summary>
    Normal = 1,

    /// <summary>A mark of the chat format or of the training data; spelled literally, and never made from a user's text.</summary>
    Special = 3,

    /// <summary>An added word, spelled literally; found before merging when special text is parsed, and shown like any text.</summary>
    UserDefined = 4,
}
