using System.Globalization;

namespace Ouro.Model.Conversion;

/// <summary>Measures of models by name or by numbers, for models with random weights.</summary>
public static class ModelShape
{
    const int FeedForwardMultiple = 256;

    static readonly OuroConfig Ouro14B = new()
    {
        Layers = 24,
        Width = 2048,
        Heads = 16,
        KvHeads = 16,
        HeadSize = 128,
        FeedForwardWidth = 5632,
        Vocabulary = 49_152,
        Loops = 4,
    };

    /// <summary>Names of the published shapes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["ouro-1.4b", "ouro-2.6b"];

    /// <summary>
    /// Measures from a name (<see cref="Names"/>) or from LxDxH[xF[xV[xT]]]: layers, width, heads, then feed-forward width (5632/2048 of
    /// the width by default, in steps of 256), vocabulary (49152) and loops (4).
    /// </summary>
    /// <returns>Null, with a sentence about what is wrong, if the text means no model that can be.</returns>
    public static OuroConfig? Parse(string text, out string problem)
    {
        problem = $"'{(text.Length <= 60 ? text : text[..60] + "...")}' is no shape: name one of {string.Join(", ", Names)}, or give "
            + $"LAYERSxWIDTHxHEADS, such as 24x2048x16.";
        switch (text.ToLowerInvariant())
        {
            case "ouro-1.4b": return Ouro14B;
            case "ouro-2.6b": return Ouro14B with { Layers = 48 };
        }

        var parts = text.Split('x', 'X');
        if (parts.Length is < 3 or > 6)
            return null;

        var numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] < 1)
                return null;
        }

        var (layers, width, heads) = (numbers[0], numbers[1], numbers[2]);
        if (width % heads != 0)
        {
            problem = $"a width of {width} cannot be cut into {heads} equal heads.";
            return null;
        }

        var proportional = (long)Math.Ceiling(width * 5632.0 / 2048 / FeedForwardMultiple) * FeedForwardMultiple;
        var config = new OuroConfig
        {
            Layers = layers,
            Width = width,
            Heads = heads,
            KvHeads = heads,
            HeadSize = width / heads,
            FeedForwardWidth = numbers.Length > 3 ? numbers[3] : (int)Math.Min(proportional, int.MaxValue),
            Vocabulary = numbers.Length > 4 ? numbers[4] : Ouro14B.Vocabulary,
            Loops = numbers.Length > 5 ? numbers[5] : Ouro14B.Loops,
        };
        if (config.FirstImpossibility() is not { } impossibility)
            return config;

        problem = $"{impossibility}.";
        return null;
    }
}
