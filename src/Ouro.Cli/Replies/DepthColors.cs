using Ouro.Chat;
using Spectre.Console;

namespace Ouro.Cli.Replies;

/// <summary>A colour for every depth, from green for the first loop to orange for the last: of a brightness that is legible on dark and light terminals.</summary>
sealed class DepthColors
{
    // Numbers of the 256 colours that terminals know.
    static readonly byte[] Scale = [35, 37, 33, 99, 133, 168, 166];

    readonly int _loops;

    DepthColors(int loops) => _loops = loops;

    /// <summary>The colours of replies with at most so many loops; null where the output shows no colours, or there is only one depth.</summary>
    public static DepthColors? Of(int loops)
        => loops > 1 && !Console.IsOutputRedirected && Front.Results.Profile.Capabilities is { Ansi: true, ColorSystem: >= ColorSystem.EightBit } ? new DepthColors(loops) : null;

    /// <summary>The colour of a depth, from 1.</summary>
    public Color At(int depth) => Color.FromInt32(NumberOf(depth));

    /// <summary>A text in the colour of the last of its tokens.</summary>
    public string Paint(string text, IReadOnlyList<ReplyToken> tokens)
        => text.Length == 0 || tokens.Count == 0 ? text : $"\e[38;5;{NumberOf(tokens[^1].Depth)}m{text}\e[0m";

    int NumberOf(int depth) => Scale[(depth - 1) * (Scale.Length - 1) / (_loops - 1)];
}
