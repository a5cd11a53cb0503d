namespace Ouro.Formats.Safetensors;

/// <summary>The element types that safetensors files and this program share, by their names there.</summary>
static class SafetensorsTypes
{
    static readonly ElementType[] Supported = [ElementType.F32, ElementType.F16, ElementType.BF16];

    /// <summary>The supported names, for messages.</summary>
    public static string SupportedNames { get; } = string.Join(", ", Supported);

    /// <summary>The element type of a dtype; null when it is not supported.</summary>
    public static ElementType? Find(string dtype)
    {
        foreach (var type in Supported)
            if (NameOf(type) == dtype)
                return type;

        return null;
    }

    /// <summary>The dtype of an element type; null when safetensors has none.</summary>
    public static string? NameOf(ElementType type) => Supported.Contains(type) ? type.ToString() : null;
}
