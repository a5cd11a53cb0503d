namespace Ouro.Formats;

/// <summary>Recognises, by their first bytes, files that people pass by mistake.</summary>
static class FileSignature
{
    /// <summary>Says what the file looks like and what to do, as the end of a sentence that began with what was expected.</summary>
    public static string Describe(ReadOnlySpan<byte> start) => start switch
    {
        _ when start.StartsWith("GGUF"u8) => "this is a GGUF file; give it to a command that reads GGUF",
        _ when start.StartsWith("version https://"u8) => "this is a Git LFS pointer, not the file itself; run 'git lfs pull' in its folder",
        _ when start.StartsWith("PK"u8) => "this is a ZIP archive or a PyTorch checkpoint; " + GetSafetensors,
        _ when start is [0x80, >= 2 and <= 5, ..] => "this is a Python pickle; " + GetSafetensors,
        _ when start is [(byte)'<', ..] => "this looks like a web page; the download probably needs a login or another address",
        _ when start.StartsWith("lmgg"u8) || start.StartsWith("fmgg"u8) || start.StartsWith("tjgg"u8)
            => "this is a GGML file from before GGUF; convert the original checkpoint again",
        _ when start.Length > 8 && start[8] == (byte)'{'
            => "this looks like a safetensors file; give it to a command that reads checkpoints",
        _ when start is [(byte)'{', ..] => "this looks like a JSON file; name the model file itself",
        _ => $"it starts with the bytes {Convert.ToHexString(start[..Math.Min(start.Length, 8)])}; check that this is the right file",
    };

    /// <summary>What to do about a checkpoint that only Python could open.</summary>
    public const string GetSafetensors =
        "pickles are never opened, since they can run any code, so download the safetensors version or save one with "
        + "save_pretrained(..., safe_serialization=True)";
}
