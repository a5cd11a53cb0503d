namespace Ouro.Benchmarks;

/// <summary>Something is missing that a measurement needs; the message says what, and what to do.</summary>
sealed class BenchmarkException(string message) : Exception(message);
