namespace Ouro.Serving.Store;

/// <summary>Why the store or the hub cannot do what was asked; servers make status codes of it.</summary>
public enum StoreFault
{
    /// <summary>The request itself is wrong: a name, a Modelfile, a value.</summary>
    Invalid,

    /// <summary>There is no such model, blob, repository or file.</summary>
    NotFound,

    /// <summary>What came does not match what was promised: a hash, a length.</summary>
    Mismatch,

    /// <summary>Another computer refuses, fails, or cannot be reached.</summary>
    Remote,

    /// <summary>The disk, or another process that uses the store, stands in the way.</summary>
    Storage,
}

/// <summary>A request that the store or the hub cannot meet. The message is one sentence for a person: finding, expectation, next step.</summary>
public sealed class StoreException(StoreFault fault, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What kind of trouble it is.</summary>
    public StoreFault Fault { get; } = fault;
}

/// <summary>How far a long piece of work is.</summary>
/// <param name="Status">A few words for a person, such as <c>verifying sha256 digest</c>.</param>
/// <param name="Digest">The blob it is about, as <c>sha256:...</c>; null if it is about none, or its name is not known yet.</param>
/// <param name="Total">Bytes to go through; null where there is nothing to count.</param>
/// <param name="Completed">Bytes gone through.</param>
public readonly record struct StoreProgress(string Status, string? Digest = null, long? Total = null, long? Completed = null);
