namespace Ouro.Model;

/// <summary>From the gate's logits, loop by loop, to the distribution of the loop at which a token exits.</summary>
/// <remarks>
/// stop_t = sigmoid(logit_t); exit_t = stop_t * product over s before t of (1 - stop_s); the last loop takes what remains.
/// Source: arXiv:2510.25741, section 3.2. Computed in double precision.
/// </remarks>
public struct ExitChances
{
    /// <summary>Starts with the whole chance remaining.</summary>
    public ExitChances() => Remaining = 1;

    /// <summary>The chance of not having stopped so far.</summary>
    public double Remaining { get; private set; }

    /// <summary>The gate's chance to stop at the loop added last, given that it was reached.</summary>
    public double Stop { get; private set; }

    /// <summary>The chance to exit at the loop added last.</summary>
    public double Exit { get; private set; }

    /// <summary>The chance to have exited by the loop added last.</summary>
    public double Cumulative { get; private set; }

    /// <summary>Adds the next loop.</summary>
    /// <param name="gateLogit">The gate's logit after that loop.</param>
    /// <param name="isLast">True if this loop takes whatever remains.</param>
    public void Add(double gateLogit, bool isLast)
    {
        Stop = 1 / (1 + Math.Exp(-gateLogit));
        Exit = isLast ? Remaining : Stop * Remaining;
        Cumulative = isLast ? 1 : Cumulative + Exit;
        Remaining = isLast ? 0 : Remaining * (1 - Stop);
    }
}
