using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Tensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>A tensor to be written and where its numbers come from.</summary>
readonly record struct PlannedTensor(TensorSpec Target, ITensorSource Source);

/// <summary>Everything that a conversion will write, decided before the first byte.</summary>
/// <param name="Type">What to call the types of the result.</param>
sealed record OutputPlan(IReadOnlyList<PlannedTensor> Tensors, string Type)
{
    /// <summary>The plan of a GGUF file.</summary>
    /// <exception cref="ModelFileException">The source is quantised and would be quantised again without being asked.</exception>
    public static OutputPlan ForGguf(SourceInventory inventory, ConversionOptions options)
    {
        var source = inventory.Source;
        var tensors = new List<PlannedTensor>();
        var widened = new List<(string Name, ElementType Meant, ElementType Given)>();
        foreach (var (model, stored) in inventory.Known)
        {
            var type = options.Mix?.TypeOf(model, source.Config) ?? (model.IsNorm ? ElementType.F32 : stored.Type);
            if (options.Mix is { } mix && !model.IsNorm && mix.Meant(model, source.Config) is var meant && meant != type)
                widened.Add((model.GgufName, meant, type));

            CheckRequantization(stored, type, options);
            var order = RowOrder.Between(model, source.Config.HeadSize, source.RopeLayout, RopeLayout.Interleaved);
            tensors.Add(new(new TensorSpec(model.GgufName, type, model.Shape), new StoredSource(new StoredRows(stored, order), type)));
        }

        foreach (var stored in inventory.Kept)
            tensors.Add(new(stored, new StoredSource(new StoredRows(stored, RowOrder.AsStored), stored.Type)));
        NoteWidened(widened, inventory.Notes);
        NoteQuantizedSource(inventory, tensors);
        return new OutputPlan(tensors, options.Mix?.Name ?? Prevailing(tensors));
    }

    /// <summary>The plan of a published checkpoint's tensors.</summary>
    public static OutputPlan ForSafetensors(SourceInventory inventory, ConversionOptions options)
    {
        var source = inventory.Source;
        var record = source.Gguf is { } gguf ? SourceRecord.Read(gguf.Metadata, gguf.Path) : null;
        var tensors = new List<PlannedTensor>();
        foreach (var (model, stored) in inventory.Known)
        {
            // Single precision is how GGUF stores what was shorter, so the record tells what it was; anything else is left as it is.
            var recorded = stored.Type == ElementType.F32 && record is not null;
            var own = recorded ? record![model.HuggingFaceName] : stored.Type.IsQuantized ? ElementType.BF16 : stored.Type;
            var type = options.Mix?.Base ?? own;
            var order = RowOrder.Between(model, source.Config.HeadSize, source.RopeLayout, RopeLayout.Halves);
            tensors.Add(new(
                new TensorSpec(model.HuggingFaceName, type, model.Shape),
                new StoredSource(new StoredRows(stored, order), type, mustBeExact: recorded && options.Mix is null)));
        }

        foreach (var stored in inventory.Kept)
        {
            var type = stored.Type.IsQuantized ? ElementType.BF16 : stored.Type;
            tensors.Add(new(new TensorSpec(stored.Name, type, stored.Shape), new StoredSource(new StoredRows(stored, RowOrder.AsStored), type)));
        }

        NoteQuantizedSource(inventory, tensors);
        AddGate(inventory, options, record, tensors);
        return new OutputPlan(tensors, options.Mix?.Name ?? Prevailing(tensors));
    }

    /// <summary>The metadata of a GGUF file.</summary>
    public GgufMetadata Metadata(SourceInventory inventory, ConversionOptions options)
    {
        var metadata = new GgufMetadata();
        metadata.Set("general.architecture", GgufConfig.Architecture);
        if (inventory.Source.Gguf is { } gguf)
        {
            foreach (var (key, value) in gguf.Metadata.Entries)
                metadata.Set(key, value);
        }

        if (options.ModelName is { } name)
            metadata.Set("general.name", name);
        GgufConfig.Write(inventory.Source.Config, metadata);
        SetGate(metadata, inventory.Gate);
        if (inventory.Source.Gguf is null)
            SourceRecord.Of([.. inventory.Known, .. StoredGate(inventory)]).Write(metadata);
        if (inventory.EverDropped.ToArray() is { Length: > 0 } dropped)
            metadata.Set(SourceRecord.DroppedKey, dropped);
        if (WeightMix.Find(Type) is { } mix && (options.Mix is not null || !mix.Base.IsQuantized))
            metadata.Set("general.file_type", (uint)mix.FileType);
        metadata.Set("general.quantization_version", 2u);
        foreach (var (key, value) in options.Metadata?.Entries ?? [])
            metadata.Set(key, value);
        return metadata;
    }

    /// <summary>Puts the gate where our files keep it, and takes it away from other places.</summary>
    internal static void SetGate(GgufMetadata metadata, EarlyExitGate? gate)
    {
        foreach (var (weight, bias) in GgufConfig.GateKeys)
        {
            metadata.Remove(weight);
            metadata.Remove(bias);
        }

        if (gate is null)
            return;

        metadata.Set(GgufConfig.GateWeightKey, gate.Weight);
        metadata.Set(GgufConfig.GateBiasKey, new[] { gate.Bias });
    }

    static IEnumerable<KnownTensor> StoredGate(SourceInventory inventory)
        => inventory.Gate is null
            ? []
            : inventory.Source.Tensors.Where(tensor => tensor.IsGate).Select(tensor => new KnownTensor(tensor, inventory.Source.Require(tensor)));

    static void AddGate(SourceInventory inventory, ConversionOptions options, SourceRecord? record, List<PlannedTensor> tensors)
    {
        if (inventory.Gate is not { } gate)
            return;

        foreach (var model in inventory.Source.Tensors.Where(tensor => tensor.IsGate))
        {
            var numbers = model.Role == TensorRole.GateWeight ? gate.Weight : [gate.Bias];
            var stored = inventory.Source.Find(model)?.Type;
            var type = options.Mix?.Base ?? (stored is ElementType.F16 or ElementType.BF16 ? stored.Value : record?[model.HuggingFaceName] ?? ElementType.F32);
            if (options.Mix is null && !Holds(type, numbers))
                type = ElementType.F32;     // a gate that was trained on after conversion
            tensors.Add(new(new TensorSpec(model.HuggingFaceName, type, model.Shape), new NumbersSource(numbers, type)));
        }
    }

    static bool Holds(ElementType type, float[] numbers)
    {
        var bytes = new byte[type.BytesFor(numbers.Length)];
        var decoded = new float[numbers.Length];
        ElementFormats.Encode(type, numbers, bytes);
        ElementFormats.Decode(type, bytes, decoded);
        return numbers.AsSpan().SequenceEqual(decoded);
    }

    static void CheckRequantization(StoredTensor stored, ElementType type, ConversionOptions options)
    {
        if (options.AllowRequantize || !stored.Type.IsQuantized || !type.IsQuantized || stored.Type == type)
            return;

        throw new ModelFileException(
            stored.Path, $"tensor '{stored.Name}' is already quantised ({stored.Type}), and quantising it again to {type} adds a second error "
                + $"to the first. "
                + "Start from the original checkpoint, or insist with 'ouro quantize --allow-requantize'.");
    }

    static void NoteWidened(List<(string Name, ElementType Meant, ElementType Given)> widened, List<string> notes)
    {
        foreach (var group in widened.GroupBy(tensor => (tensor.Meant, tensor.Given)))
        {
            var names = group.Select(tensor => tensor.Name).ToArray();
            var shown = string.Join(", ", names.Take(3)) + (names.Length > 3 ? ", ..." : "");
            notes.Add($"{names.Length:N0} tensor{(names.Length == 1 ? "" : "s")} with rows that are not whole {group.Key.Meant} blocks of "
                + $"{group.Key.Meant.ElementsPerBlock} became {group.Key.Given}: {shown}.");
        }
    }

    static void NoteQuantizedSource(SourceInventory inventory, List<PlannedTensor> tensors)
    {
        var widened = tensors.FirstOrDefault(tensor => tensor.Source is StoredSource { Stored.Type.IsQuantized: true } && !tensor.Target.Type.IsQuantized);
        if (widened.Target is not null)
        {
            inventory.Notes.Add($"The source is quantised, so these are its {widened.Target.Type} numbers and not the original model's: "
                + "what quantising rounded away does not come back.");
        }
    }

    static string Prevailing(List<PlannedTensor> tensors)
        => tensors.GroupBy(tensor => tensor.Target.Type).MaxBy(group => group.Sum(tensor => tensor.Target.ByteLength))!.Key.ToString().ToLowerInvariant();
}
