using System.Runtime.InteropServices;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Formats.Safetensors;
using Ouro.Model.Conversion;
using Ouro.Tensors;
using Ouro.Text;

namespace Ouro.Training.Recipes;

/// <summary>A run as it lies on disk: a model folder like any other, with the optimiser's moments and the state beside it.</summary>
static class Checkpoint
{
    const string StateFile = "state.json";
    const string MomentsFile = "moments.safetensors";
    const string First = ".first";
    const string Second = ".second";

    /// <summary>Names that every version of this program has in a state.</summary>
    static readonly string[] OursAlone = ["recipe", "stage", "optimizer_steps", "taken", "log_bytes"];

    /// <summary>Writes a model's folder, whole or not at all.</summary>
    /// <param name="addFiles">Called with the unfinished folder.</param>
    public static ConversionResult WriteModel(
        TrainableModel model, ElementType type, Vocabulary? vocabulary, string place, bool overwrite, int threads, Action<string>? addFiles = null)
    {
        var ends = new TextEnds(vocabulary?.Specials.Bos, vocabulary?.StopIds ?? [], vocabulary?.Specials.Padding);
        var options = new ConversionOptions
        {
            Overwrite = overwrite,
            Threads = threads,
            AddFiles = folder =>
            {
                if (vocabulary is not null)
                    TokenizerJson.Write(folder, vocabulary);
                addFiles?.Invoke(folder);
            },
        };
        return ModelInMemory.ToSafetensors(
            model.Config, type,
            (tensor, first, values) => CopyFlat(model[tensor.Role, tensor.Layer].Values, first, values),
            ends, place, options);
    }

    /// <summary>Writes a checkpoint, whole or not at all.</summary>
    /// <param name="learning">The parameters whose moments <paramref name="optimizer"/> holds.</param>
    public static void Write(
        string place, TrainableModel model, IReadOnlyList<Parameter> learning, AdamW optimizer, Vocabulary? vocabulary, RunState state, int threads)
        => WriteModel(model, ElementType.F32, vocabulary, place, overwrite: false, threads, folder =>
        {
            WriteMoments(Path.Combine(folder, MomentsFile), learning, optimizer);
            AtomicFile.WriteAllBytes(Path.Combine(folder, StateFile), JsonSerializer.SerializeToUtf8Bytes(state, RunJson.Default.RunState));
        });

    /// <summary>Whether a folder has the files of a checkpoint, readable or not.</summary>
    public static bool IsAt(string folder) => File.Exists(Path.Combine(folder, StateFile)) && File.Exists(Path.Combine(folder, MomentsFile));

    /// <summary>Whether a folder's state says what only this program says, whichever version of it: then it may be deleted when it is old.</summary>
    public static bool IsOurs(string folder)
    {
        try
        {
            using var state = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, StateFile)));
            return state.RootElement.ValueKind == JsonValueKind.Object
                && OursAlone.All(name => state.RootElement.TryGetProperty(name, out _));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            return false;
        }
    }

    /// <exception cref="RecipeException">The state is not there or not readable.</exception>
    public static RunState ReadState(string folder)
    {
        var path = Path.Combine(folder, StateFile);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), RunJson.Default.RunState) ?? throw new JsonException("null");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RecipeException(path, $"the checkpoint's state cannot be read ({problem.Reason.Split(" Path:")[0]}); begin again with --restart.");
        }
    }

    /// <summary>Fills an optimiser with the moments of a checkpoint.</summary>
    /// <returns>False, with nothing filled, if the moments are of other parameters: a stage has changed since which learn.</returns>
    /// <exception cref="ModelFileException">The moments are missing or damaged.</exception>
    public static bool ReadMoments(string folder, IReadOnlyList<Parameter> learning, AdamW optimizer)
    {
        var path = Path.Combine(folder, MomentsFile);
        using var moments = SafetensorsCheckpoint.Open(path);
        if (!moments.Tensors.Select(stored => stored.Name).ToHashSet().SetEquals(learning.SelectMany(Names)))
            return false;

        for (var index = 0; index < learning.Count; index++)
        {
            Read(moments, path, learning[index].Tensor.HuggingFaceName + First, optimizer.FirstMoments[index]);
            Read(moments, path, learning[index].Tensor.HuggingFaceName + Second, optimizer.SecondMoments[index]);
        }

        return true;
    }

    static IEnumerable<string> Names(Parameter parameter) => [parameter.Tensor.HuggingFaceName + First, parameter.Tensor.HuggingFaceName + Second];

    static void Read(SafetensorsCheckpoint moments, string path, string name, Matrix into)
    {
        var stored = moments.Find(name)!;
        if (stored.Type != ElementType.F32 || stored.ElementCount != (long)into.Rows * into.Columns)
            throw new ModelFileException(path, $"the moments {name.Quoted} are of another size; begin again with --restart.");
        for (var row = 0; row < into.Rows; row++)
            stored.Read((long)row * into.Columns * sizeof(float), MemoryMarshal.AsBytes(into[row]));
    }

    static void WriteMoments(string path, IReadOnlyList<Parameter> learning, AdamW optimizer)
    {
        var specs = learning.SelectMany(parameter => Names(parameter).Select(name => new TensorSpec(name, ElementType.F32, parameter.Tensor.Shape))).ToArray();
        using var writer = SafetensorsWriter.Create(path, specs);
        for (var index = 0; index < learning.Count; index++)
        {
            Write(writer, 2 * index, optimizer.FirstMoments[index]);
            Write(writer, (2 * index) + 1, optimizer.SecondMoments[index]);
        }

        writer.Commit();
    }

    static void Write(TensorFileWriter writer, int tensor, Matrix values)
    {
        for (var row = 0; row < values.Rows; row++)
            writer.Write(tensor, (long)row * values.Columns * sizeof(float), MemoryMarshal.AsBytes(values[row]));
    }

    /// <summary>Numbers <paramref name="first"/> and following of a matrix, as if its rows had no padding.</summary>
    static void CopyFlat(Matrix from, long first, Span<float> to)
    {
        while (!to.IsEmpty)
        {
            var (row, column) = Math.DivRem(first, from.Columns);
            var part = from[(int)row][(int)column..];
            part = part[..Math.Min(part.Length, to.Length)];
            part.CopyTo(to);
            first += part.Length;
            to = to[part.Length..];
        }
    }
}
