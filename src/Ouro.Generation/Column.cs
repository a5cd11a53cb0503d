using Ouro.Model;

namespace Ouro.Generation;

/// <summary>One token on its way through the loops.</summary>
sealed class Column(int width)
{
    /// <summary>Its place in the text.</summary>
    public int Position { get; private set; }

    /// <summary>Loops that it has run.</summary>
    public int LoopsRun { get; set; }

    /// <summary>True if it was given, not written: it runs all loops under every policy.</summary>
    public bool IsPrompt { get; private set; }

    /// <summary>True if the token behind it is wanted.</summary>
    public bool IsAwaited { get; private set; }

    /// <summary>The loop, from 1, at which it is read; 0 until that is known.</summary>
    public int ExitLoop { get; set; }

    /// <summary>What follows it, if it is itself right; -1 until that is known.</summary>
    public int Next { get; set; }

    /// <summary>The largest logit less the second largest, where it was read.</summary>
    public float Margin { get; set; }

    /// <summary>True if it runs no more.</summary>
    public bool IsDone { get; set; }

    /// <summary>True if it stood on a guess that was wrong.</summary>
    public bool IsDropped { get; set; }

    /// <summary>The gate's view so far.</summary>
    public ExitChances Chances;

    /// <summary>[D]: the embedding, or the normed state after the last loop run.</summary>
    public float[] State { get; } = new float[width];

    /// <summary>For each loop the token that would have been said after it; -1 where nobody asked.</summary>
    public int[] Guesses { get; private set; } = [];

    /// <summary>Starts a token before its first loop; <see cref="State"/> is for the caller to fill.</summary>
    public void Start(int position, int loops, bool isPrompt, bool isAwaited)
    {
        (Position, IsPrompt, IsAwaited) = (position, isPrompt, isAwaited);
        (LoopsRun, ExitLoop, Next, Margin, IsDone, IsDropped) = (0, 0, -1, 0, false, false);
        Chances = new ExitChances();
        if (Guesses.Length < loops)
            Guesses = new int[loops];
        Array.Fill(Guesses, -1);
    }
}
