using Ouro.Formats;

namespace Ouro.Text;

/// <summary>The merge of two neighbouring tokens into one; its place in the list is its rank, and lower ranks merge first.</summary>
public readonly record struct Merge(int Left, int Right, int Product);

/// <summary>A byte-level BPE vocabulary as model files store it: plain data, checked when made, immutable and safe to share.</summary>
public sealed class Vocabulary
{
    readonly string[] _tokens;
    readonly TokenKind[] _kinds;
    readonly Merge[] _merges;
    readonly TokenIndex _ids;

    /// <summary>Checks every part, so that a vocabulary that exists can encode and decode anything.</summary>
    /// <param name="path">The file the parts came from, for error messages.</param>
    /// <param name="tokens">By id; normal tokens in byte-level spelling, the others literal. Kept, not copied.</param>
    /// <param name="kinds">By id; as long as <paramref name="tokens"/>. Kept, not copied.</param>
    /// <param name="merges">By rank, each as "left right" in byte-level spelling.</param>
    /// <exception cref="ModelFileException">A part is missing, repeated, out of range or contradicts another.</exception>
    public Vocabulary(
        string path, string[] tokens, TokenKind[] kinds, IReadOnlyList<string> merges,
        PreTokenizerKind preTokenizer, SpecialIds specials, string? chatTemplate)
    {
        var check = new VocabularyCheck(path, tokens, kinds);
        _tokens = tokens;
        _kinds = kinds;
        _ids = check.IndexTokens();
        (_merges, MergeTable) = check.ResolveMerges(merges, _ids);
        check.SpecialIds(specials);
        (PreTokenizer, Specials, ChatTemplate) = (preTokenizer, specials, chatTemplate);
    }

    /// <summary>Number of tokens; ids run from 0 to one less.</summary>
    public int Count => _tokens.Length;

    /// <summary>By id: byte-level spelling of normal tokens, literal text of the others.</summary>
    public ReadOnlySpan<string> Tokens => _tokens;

    /// <summary>By id.</summary>
    public ReadOnlySpan<TokenKind> Kinds => _kinds;

    /// <summary>By rank.</summary>
    public ReadOnlySpan<Merge> Merges => _merges;

    /// <summary>How text is cut before merging.</summary>
    public PreTokenizerKind PreTokenizer { get; }

    /// <summary>The classic roles.</summary>
    public SpecialIds Specials { get; }

    /// <summary>The Jinja source that the model file carries, kept for whoever reads the file next; Ouro writes ChatML by <see cref="ChatMl"/>.</summary>
    public string? ChatTemplate { get; }

    internal MergeTable MergeTable { get; }

    /// <summary>The id of a token by its spelling in <see cref="Tokens"/>, or null.</summary>
    public int? Find(string token) => _ids.Find(token) is not TokenIndex.Missing and var id ? id : null;

    /// <summary>The id of a special token by its name, or null if there is none, or the token of that name is an ordinary one.</summary>
    public int? FindSpecial(string name) => Find(name) is { } id && _kinds[id] == TokenKind.Special ? id : null;

    /// <summary>Ids that end a reply, ascending: the special tokens named <c>&lt;|endoftext|&gt;</c> and <c>&lt;|im_end|&gt;</c>, and the file's own eos.</summary>
    /// <remarks>The eos of the published configurations alone does not end a chat turn.</remarks>
    public IReadOnlyList<int> StopIds
        => [.. new[] { FindSpecial(KnownTokens.EndOfText), FindSpecial(KnownTokens.TurnEnd), Specials.Eos }
            .OfType<int>().Distinct().Order()];
}
