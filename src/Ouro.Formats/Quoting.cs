using System.Text;

namespace Ouro.Formats;

/// <summary>Shows text from a file inside a message: on one line, and not longer than a message can bear.</summary>
static class Quoting
{
    const int LongestShown = 64;

    extension(string text)
    {
        /// <summary>The text in single quotes; control and format characters become <c>\uXXXX</c>, a long text ends in "...".</summary>
        public string Quoted
        {
            get
            {
                var shown = new StringBuilder("'");
                foreach (var symbol in text.AsSpan(0, Math.Min(text.Length, LongestShown)))
                {
                    // Line and paragraph separators break lines too; unpaired surrogates cannot be printed.
                    if (char.IsControl(symbol) || char.IsSurrogate(symbol) || symbol is '\u2028' or '\u2029')
                        shown.Append($"\\u{(int)symbol:x4}");
                    else
                        shown.Append(symbol);
                }

                return shown.Append(text.Length > LongestShown ? "...'" : "'").ToString();
            }
        }
    }

    extension(Exception error)
    {
        /// <summary>The system's report as a part of a sentence: one line, without the full stop and the path at its end.</summary>
        public string Reason
        {
            get
            {
                var message = error.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
                var path = message.LastIndexOf(" : '", StringComparison.Ordinal);
                return path > 0 ? message[..path] : message;
            }
        }
    }
}
