using System.Security.Cryptography;

namespace Ouro.Serving;

/// <summary>Seeds for replies that name none.</summary>
static class RandomSeed
{
    /// <summary>A new one.</summary>
    public static long Draw() => RandomNumberGenerator.GetInt32(int.MaxValue);
}
