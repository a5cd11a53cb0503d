using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ouro.Cli;

/// <summary>The few plain values that are read or written as JSON lines, without escapes that are not needed.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int[]))]
sealed partial class PlainJson : JsonSerializerContext
{
    /// <summary>Letters of all languages stay readable.</summary>
    public static PlainJson Text { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
