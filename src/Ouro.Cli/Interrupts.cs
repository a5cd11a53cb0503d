using System.Runtime.InteropServices;

namespace Ouro.Cli;

/// <summary>Ctrl-C: once it ends what is running, twice the program. A request to end (SIGTERM) ends both.</summary>
static class Interrupts
{
    static readonly Lock Turn = new();
    static CancellationTokenSource _current = new();
    static bool _asked;
    static bool _isEnding;

    /// <summary>Listens from now on.</summary>
    public static IDisposable[] Listen() => [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Answer))];

    /// <summary>Ends what is running now when the person asks.</summary>
    public static CancellationToken Token => _current.Token;

    /// <summary>Begins something new that an interrupt ends by itself, such as the next reply of a conversation.</summary>
    public static CancellationToken Renew()
    {
        lock (Turn)
        {
            if (_asked && !_isEnding)
                (_current, _asked) = (new CancellationTokenSource(), false);
            return _current.Token;
        }
    }

    static void Answer(PosixSignalContext signal)
    {
        lock (Turn)
        {
            if (_asked)
                return;   // the second time the system's own answer holds: the program ends

            _asked = true;
            _isEnding |= signal.Signal == PosixSignal.SIGTERM;
            signal.Cancel = true;
        }

        _current.Cancel();
    }
}
