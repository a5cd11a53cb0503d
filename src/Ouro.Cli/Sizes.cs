using System.Globalization;

namespace Ouro.Cli;

/// <summary>Numbers as people read them.</summary>
static class Sizes
{
    /// <summary>Bytes with a unit, in powers of 1,024.</summary>
    public static string Text(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        var (size, unit) = ((double)bytes, 0);
        while (size >= 1024 && unit < units.Length - 1)
            (size, unit) = (size / 1024, unit + 1);
        return unit == 0 ? $"{bytes} bytes" : $"{size.ToString(size < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture)} {units[unit]}";
    }
}
