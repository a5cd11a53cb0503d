using System.Text;

namespace Ouro.Laws.Formats;

/// <summary>Writes safetensors bytes exactly as told, right or wrong, independently of the writer under test.</summary>
static class RawSafetensors
{
    public static byte[] Build(string json, int dataBytes, long? statedLength = null) => Build(Encoding.UTF8.GetBytes(json), dataBytes, statedLength);

    public static byte[] Build(byte[] json, int dataBytes, long? statedLength = null)
        => [.. BitConverter.GetBytes(statedLength ?? json.Length), .. json, .. new byte[dataBytes]];

    /// <summary>A file of one-dimensional F32 tensors, one after another.</summary>
    public static byte[] Of(params (string Name, int Elements)[] tensors)
    {
        var entries = new List<string>();
        var end = 0;
        foreach (var (name, elements) in tensors)
        {
            entries.Add($$"""
                "{{name}}":{"dtype":"F32","shape":[{{elements}}],"data_offsets":[{{end}},{{end + 4 * elements}}]}
                """);
            end += 4 * elements;
        }

        return Build("{" + string.Join(",", entries) + "}", end);
    }
}
