namespace Ouro.Generation;

/// <summary>What work on so many rows takes here, passes or read-outs, learnt while working.</summary>
/// <remarks>Times move at once half way to a shorter one and slowly to a longer one: a neighbour on the machine makes passes longer, never shorter.</remarks>
public sealed class PassCosts
{
    /// <summary>Passes of more rows than this are not told apart.</summary>
    public const int MostRows = 64;

    /// <summary>What one row more is taken to cost, as a share of a pass with one row, where nothing has been measured.</summary>
    const double AssumedSlope = 0.12;

    readonly double[] _seconds = new double[MostRows + 1];

    /// <summary>True once something was learnt.</summary>
    public bool IsMeasured { get; private set; }

    /// <summary>Learns from one pass.</summary>
    public void Add(int rows, double seconds)
    {
        if (rows is < 1 or > MostRows || !(seconds > 0))
            return;

        IsMeasured = true;

        var known = _seconds[rows];
        _seconds[rows] = known == 0 ? seconds : known + (seconds - known) * (seconds < known ? 0.5 : 0.05);
    }

    /// <summary>Seconds that a pass takes, between measured ones in proportion; in units of a pass with one row while nothing is measured.</summary>
    public double Of(double rows)
    {
        rows = Math.Clamp(rows, 1, MostRows);
        var (below, above) = ((int)Math.Floor(rows), (int)Math.Ceiling(rows));
        while (below > 0 && _seconds[below] == 0)
            below--;
        while (above <= MostRows && _seconds[above] == 0)
            above++;

        if (below == 0)
            return above > MostRows ? Assumed(rows) : _seconds[above] * Assumed(rows) / Assumed(above);
        if (above > MostRows || above == below)
            return _seconds[below] * Assumed(rows) / Assumed(below);

        return _seconds[below] + (_seconds[above] - _seconds[below]) * (rows - below) / (above - below);
    }

    static double Assumed(double rows) => 1 + AssumedSlope * (rows - 1);
}
