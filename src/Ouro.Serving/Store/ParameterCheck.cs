using Ouro.Chat;
using Ouro.Formats;
using Ouro.Generation;

namespace Ouro.Serving.Store;

/// <summary>Which parameters a model can be given, and which values: names and limits are those of <see cref="Setting"/>.</summary>
static class ParameterCheck
{
    /// <summary>Parameters of other programs that cannot change a text here, and are passed over.</summary>
    static readonly string[] Passed = ["num_gpu", "main_gpu", "num_thread", "use_mmap", "use_mlock", "low_vram", "numa", "num_batch", "num_keep"];

    /// <summary>Parameters of other programs that would change the text there, so that passing over them would be a lie.</summary>
    static readonly string[] Refused =
    [
        "mirostat", "mirostat_eta", "mirostat_tau", "typical_p", "presence_penalty", "frequency_penalty", "tfs_z", "num_gqa", "f16_kv", "vocab_only", "penalize_newline", "draft_num_predict",
    ];

    /// <summary>The name that a parameter has here, whatever alias or case it was written in; null if there is no such parameter.</summary>
    public static string? NameOf(string name)
        => Setting.All.FirstOrDefault(setting => setting.Aliases.Any(alias => Is(alias, name)))?.Name ?? ReplySettings.Names.FirstOrDefault(known => Is(known, name));

    /// <summary>True if the parameter is one of another program's that has no effect here and does no harm.</summary>
    public static bool HasNoEffect(string name) => Passed.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>True if the parameter may be given several times.</summary>
    public static bool IsRepeatable(string name) => Is("stop", name);

    /// <summary>Says in one sentence what is wrong with a parameter that is to be kept; null if nothing is.</summary>
    public static string? Problem(string name, string value)
    {
        if (NameOf(name) is { } known)
        {
            try
            {
                _ = ReplySettings.None.With(known, Worded(known, value));
                return null;
            }
            catch (SettingException problem)
            {
                return problem.Message;
            }
        }

        if (Refused.Contains(name, StringComparer.OrdinalIgnoreCase))
            return $"the parameter '{name}' would change the text, and there is nothing like it here. Leave it out.";
        return $"there is no parameter {name.Quoted}{(Nearest(name) is { } near ? $"; did you mean '{near}'?" : ". 'ouro run --help' lists those that there are.")}";
    }

    /// <summary>A value as it is read: words in any case, stop strings as they stand.</summary>
    public static string Worded(string name, string value) => Is("stop", name) ? value : value.ToLowerInvariant();

    /// <summary>The known name that takes the fewest changes to reach, if they are few.</summary>
    static string? Nearest(string name)
    {
        var lower = name[..Math.Min(name.Length, 40)].ToLowerInvariant();
        var (best, changes) = ReplySettings.Names.Concat(Setting.All.SelectMany(setting => setting.Aliases))
            .Select(known => (known, Changes: Changes(lower, known))).MinBy(pair => pair.Changes);
        return changes <= Math.Max(2, lower.Length / 3) ? best : null;
    }

    /// <summary>Letters to insert, remove or replace on the way from one word to the other.</summary>
    static int Changes(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j - 1], above) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }

    static bool Is(string known, string name) => string.Equals(known, name, StringComparison.OrdinalIgnoreCase);
}
