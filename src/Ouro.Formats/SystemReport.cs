namespace Ouro.Formats;

/// <summary>What the operating system says about a failure, fit to stand inside a message of ours.</summary>
public static class SystemReport
{
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
