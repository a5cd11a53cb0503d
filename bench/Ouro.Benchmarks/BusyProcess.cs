using System.Diagnostics;

namespace Ouro.Benchmarks;

/// <summary>Another program that wants all of one core while this lives.</summary>
sealed class BusyProcess : IDisposable
{
    readonly Process _process = Process.Start("node", ["-e", "for (;;);"]);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
