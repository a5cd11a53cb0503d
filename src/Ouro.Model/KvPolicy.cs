namespace Ouro.Model;

/// <summary>What later tokens find at a token's place in the loops, once a reply is being written. Prompts run every loop under every policy.</summary>
public enum KvPolicy
{
    /// <summary>Each loop finds its own keys and values. A token that exits early goes on through its deeper loops in later passes ("late fill"), so the text is the reference's.</summary>
    Exact,

    /// <summary>A token that exits runs no further; deeper loops find what it left in its last one. Loops are really saved; the text may differ. Source: arXiv:2608.09444.</summary>
    LastExited,

    /// <summary>All loops find what the token left in its last one; a token sees itself at the loop that it is in. A quarter of the memory at four loops. Source: arXiv:2510.25741, table 14.</summary>
    LastLoop,

    /// <summary>As <see cref="LastLoop"/>, with what the token left in its first loop. For study; saves no memory here.</summary>
    FirstLoop,

    /// <summary>As <see cref="LastLoop"/>, with the mean over the token's loops. For study; saves no memory here.</summary>
    Average,
}

/// <summary>What follows from a policy.</summary>
public static class KvPolicies
{
    /// <summary>True if all loops find the same keys and values, so that no token may begin before the one in front of it has run its last loop.</summary>
    public static bool IsShared(this KvPolicy policy) => policy is KvPolicy.LastLoop or KvPolicy.FirstLoop or KvPolicy.Average;

    /// <summary>True if a token goes on to the last loop after its answer has been read.</summary>
    public static bool FillsLate(this KvPolicy policy) => policy == KvPolicy.Exact;
}
