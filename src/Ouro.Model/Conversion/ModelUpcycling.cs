using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>Makes a model with more layers of one with fewer: every layer is copied, everything else stays.</summary>
public static class ModelUpcycling
{
    /// <summary>Writes a folder with safetensors, config.json and generation_config.json. Tensors keep their types; quantised ones become BF16.</summary>
    /// <param name="layers">A multiple of the source's layers.</param>
    /// <param name="options">The types to store if not the source's, threads, whether to overwrite, and files to add; the rest does not apply.</param>
    /// <inheritdoc cref="ModelConversion.ToSafetensors"/>
    public static ConversionResult ToSafetensors(
        OuroCheckpoint source, int layers, UpcycleOrder order, string output, ConversionOptions options,
        IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        var before = source.Config;
        var config = before with { Layers = layers };
        if (layers <= before.Layers || layers % before.Layers != 0)
            throw new ModelFileException(source.Path, $"{layers} layers cannot be made of {before.Layers}: every layer is copied equally often, so choose a multiple such as {2 * before.Layers}.");
        if (config.FirstImpossibility() is { } problem)
            throw new ModelFileException(source.Path, $"{problem}. Choose fewer layers.");
        if (options.Mix is { Base.IsQuantized: true } mix)
            throw new ModelFileException(output, $"safetensors files hold bf16, f16 and f32, not {mix.Name}. Choose one of these, and quantise the result.");

        ModelConversion.CheckPlace(source, output, options.Overwrite);
        var inventory = SourceInventory.Of(source, options);
        var plan = OutputPlan.ForSafetensors(inventory, options);
        var byName = plan.Tensors.ToDictionary(tensor => tensor.Target.Name, StringComparer.Ordinal);
        var smaller = source.Tensors.ToDictionary(tensor => (tensor.Role, tensor.Layer));
        var tensors = new List<PlannedTensor>();
        foreach (var tensor in ModelTensors.Of(config))
        {
            var layer = tensor.Layer < 0 ? -1 : LayerCopies.SourceOf(tensor.Layer, before.Layers, layers, order);
            if (byName.TryGetValue(smaller[(tensor.Role, layer)].HuggingFaceName, out var copied))
                tensors.Add(copied with { Target = new TensorSpec(tensor.HuggingFaceName, copied.Target.Type, tensor.Shape) });
        }

        using var folder = new CheckpointFolder(output, options.Overwrite);
        var bytes = folder.WriteTensors(tensors, inventory.EverDropped, options.Threads, progress, cancel);
        folder.WriteConfiguration(source, tensors, config);
        options.AddFiles?.Invoke(folder.Path);
        folder.Commit();
        return new ConversionResult(output, plan.Type, bytes, inventory.Notes, inventory.Dropped);
    }
}
