using Microsoft.Extensions.Logging;

namespace Ouro.Serving;

/// <summary>A log that is one line for each thing that happens.</summary>
/// <param name="write">Told each line; null for nobody.</param>
sealed class LineLog(Action<string>? write, TimeProvider clock) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Lines(LeastOf(categoryName), write, clock);

    public void Dispose()
    {
    }

    /// <summary>All of ours, and of others what went wrong; but whoever starts the host hears from an exception why it did not.</summary>
    static LogLevel LeastOf(string category)
        => category.StartsWith("Ouro.", StringComparison.Ordinal) ? LogLevel.Information
            : category.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal) ? LogLevel.None
            : LogLevel.Error;

    sealed class Lines(LogLevel least, Action<string>? write, TimeProvider clock) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => write is not null && logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;

            var level = logLevel switch { LogLevel.Warning => "warning: ", >= LogLevel.Error => "error: ", _ => "" };
            write!($"{clock.GetLocalNow():HH:mm:ss} {level}{formatter(state, exception)}{(exception is null ? "" : $"\n{exception}")}");
        }
    }
}
