using System.Globalization;

namespace Ouro.Cli;

/// <summary>Numbers as people read them.</summary>
static class Sizes
{
    /// <summary>Bytes with a unit: GB of 10^9 from 0.1 on, MB of 10^6, else bytes.</summary>
    public static string Text(long bytes) => bytes switch
    {
        >= 100_000_000 => (bytes / 1e9).ToString("F3", CultureInfo.InvariantCulture) + " GB",
        >= 1_000_000 => (bytes / 1e6).ToString("F2", CultureInfo.InvariantCulture) + " MB",
        _ => bytes.ToString("N0", CultureInfo.InvariantCulture) + " bytes",
    };
}
