using System.Globalization;
using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>Turns checked tensors and measures into sentences: one for each kind of loss, with what it does to the model.</summary>
sealed class LossFindings
{
    readonly OuroCheckpoint _source;
    readonly OuroCheckpoint _file;
    readonly IReadOnlyList<TensorCheck> _checks;

    public LossFindings(OuroCheckpoint source, OuroCheckpoint file, IReadOnlyList<TensorCheck> checks)
    {
        (_source, _file, _checks) = (source, file, checks);
        Label();
        Measures();
        Gate();
        Norms();
        Matrices();
        Unusable();
        Unknown();
    }

    public List<Loss> Losses { get; } = [];

    public List<string> Remarks { get; } = [];

    void Label()
    {
        if (_file.Gguf?.Metadata is not { } metadata)
            return;

        var architecture = GgufConfig.ArchitectureOf(_file.Gguf);
        if (architecture is null)
            AddToConfiguration("label_lost", "The file does not name its architecture, so no program knows how to compute it.");
        else if (architecture != GgufConfig.Architecture)
        {
            Add("relabelled", $"The file is labelled {architecture.Quoted} instead of '{GgufConfig.Architecture}': programs run "
                + $"its layers once instead of "
                + $"{_source.Config.Loops} times and leave out what they do not know, which gives fluent garbage.");
        }

        if (metadata.GetStrings(SourceRecord.DroppedKey) is { Length: > 0 } dropped)
            Remarks.Add($"The file records that {Quoting.QuoteFew(dropped)} {(dropped.Length == 1 ? "was" : "were")} left out on request.");
    }

    void Measures()
    {
        if (OwnConfig() is not { } own)
            return;

        var config = _source.Config;
        if (_file.Gguf is { } gguf && gguf.Metadata.Find($"{GgufConfig.PrefixOf(gguf)}.num_loops") is null)
            AddToConfiguration("loops_lost", $"The file does not say that the stack runs {config.Loops} times, so programs run it once, which is a much "
                + $"weaker model.");
        else if (own.Loops != config.Loops)
            AddToConfiguration("loops_changed", $"The file says {own.Loops} loops, but the source runs {config.Loops}: "
                + $"{(own.Loops < config.Loops ? "answers get worse" : "the model was not trained for more")}.");

        (string Name, string Code, IFormattable Source, IFormattable File, string Effect)[] measures =
        [
            ("layers", "layers_changed", config.Layers, own.Layers, "some of the layers are not computed"),
            ("the state's width", "width_changed", config.Width, own.Width, "the weights do not fit"),
            ("heads", "heads_changed", config.Heads, own.Heads, "attention mixes the wrong numbers"),
            ("key/value heads", "kv_heads_changed", config.KvHeads, own.KvHeads, "attention mixes the wrong numbers"),
            ("the size of a head", "head_size_changed", config.HeadSize, own.HeadSize, "attention mixes the wrong numbers"),
            ("the feed-forward width", "feed_forward_changed", config.FeedForwardWidth, own.FeedForwardWidth, "the weights do not fit"),
            ("the vocabulary", "vocabulary_changed", config.Vocabulary, own.Vocabulary, "some tokens cannot be read or written"),
            ("the epsilon of the norms", "norm_epsilon_changed", config.NormEpsilon, own.NormEpsilon, "every norm is a little wrong"),
            ("the rotary base", "rope_theta_changed", (float)config.RopeTheta, (float)own.RopeTheta, "the model misjudges how far apart words "
                + "are"),
            ("the context length", "context_changed", config.ContextTokens, own.ContextTokens, "programs cut texts too early or too late"),
            ("the exit threshold", "exit_threshold_changed", config.ExitThreshold, own.ExitThreshold, "tokens leave the loops earlier or "
                + "later by default"),
        ];
        foreach (var (name, code, source, file, effect) in measures)
        {
            if (!source.Equals(file))
                AddToConfiguration(code, $"The file says {Number(file)} for {name}, the source {Number(source)}: {effect}.");
        }
    }

    /// <summary>What the file itself says about its measures; null, with a loss noted, if that cannot be used.</summary>
    OuroConfig? OwnConfig()
    {
        try
        {
            return _file.Gguf is { } gguf
                ? GgufConfig.ReadAs(gguf, GgufConfig.PrefixOf(gguf), loopsOrElse: 1)
                : HuggingFaceConfig.Read(Path.Combine(_file.Folder, HuggingFaceConfig.FileName));
        }
        catch (ModelFileException problem)
        {
            AddToConfiguration("configuration_lost", $"The configuration cannot be used: {problem.Message}");
            return null;
        }
    }

    void Gate()
    {
        var gate = _checks.Where(check => check.Part?.IsGate == true).ToArray();
        if (gate.Length == 0)
            Remarks.Add("The source has no early-exit gate, so there is none to lose.");
        else if (gate.All(check => check.State == TensorState.Lost))
            Add("gate_lost", "The early-exit gate is lost: every token runs all loops, and no exit threshold has an effect.");
        else if (gate.FirstOrDefault(check => !check.IsSound) is { } changed)
            Add("gate_damaged", changed.Remark is { } why ? $"The early-exit gate is damaged: {why}" : "The early-exit gate has other numbers "
                + "than the source's: tokens leave the loops at the wrong time.");
    }

    void Norms()
    {
        var norms = _checks.Where(check => check.Part?.IsNorm == true).ToArray();
        var second = norms.Where(check => check.Part!.IsSecondNorm).ToArray();
        if (second.Length > 0 && second.All(check => check.State == TensorState.Lost))
            Add("second_norms_lost", $"All {second.Length} second norms are lost: the parts of every layer are added at the wrong size, and "
                + $"the model prints garbage.");
        else
            ForEach(second, TensorState.Lost, "second_norms_lost", names => $"{Count(names, "second norm")} lost ({Quoting.QuoteFew(names)}): "
                + $"those layers add their parts at the wrong size.");

        ForEach(norms.Except(second), TensorState.Lost, "norms_lost", names => $"{Count(names, "norm")} lost ({Quoting.QuoteFew(names)}): the "
            + $"model cannot be computed.");
        ForEach(norms, TensorState.Swapped, "norms_swapped", names => $"{Count(names, "norm")} swapped with another of the same layer "
            + $"({Quoting.QuoteFew(names)}; "
            + $"{_checks.First(check => check.State == TensorState.Swapped).Remark}): a converter took 'post_attention_layernorm' for the "
            + $"norm after attention, and the model prints garbage.");
        ForEach(norms.Where(check => check.Remark is null), TensorState.Damaged, "norms_damaged", names => $"{Count(names, "norm")} different "
            + $"from the source's ({Quoting.QuoteFew(names)}): the layers they belong to compute something else.");
    }

    void Matrices()
    {
        var matrices = _checks.Where(check => check.Part is { IsNorm: false, IsGate: false }).ToArray();
        ForEach(matrices, TensorState.RowsMisplaced, "rows_not_permuted", names => $"The rows of {names.Length:N0} query and key tensors lie "
            + $"in the other file format's order ({Quoting.QuoteFew(names)}): "
            + "positions turn the wrong pairs of numbers, and the model loses the thread.");
        ForEach(matrices, TensorState.Lost, "tensors_lost", names => $"{Count(names, "weight tensor")} lost ({Quoting.QuoteFew(names)}): "
            + (_checks.Any(check => check is { Part.Role: TensorRole.Head, State: TensorState.Lost })
                ? "without a head of its own the model is read as if its embedding were the head, which it is not."
                : "the model cannot be computed."));
        ForEach(matrices.Where(check => check.Remark is null), TensorState.Damaged, "tensors_damaged", names => $"{Count(names, "weight tensor")} further from the source than rounding to "
            + $"the stored type explains ({Quoting.QuoteFew(names)}): the file was made from another model, or is damaged.");
    }

    void Unusable()
    {
        var damaged = _checks.Where(check => check is { State: TensorState.Damaged, Remark: not null, Part: { IsGate: false } }).ToArray();
        var misshapen = damaged.Where(check => check.Type is null).ToArray();
        ForEach(misshapen, TensorState.Damaged, "tensors_misshapen", names => $"{Count(names, "tensor")} of another shape than the source's "
            + $"({Quoting.QuoteFew(names)}; "
            + $"of the first, {misshapen[0].Remark}): the file belongs to a model of other measures.");
        foreach (var check in damaged.Where(check => check.Type is not null))
            Add("not_finite", $"{check.Name.Quoted} is damaged: {check.Remark}, and every answer becomes noise.");
    }

    void Unknown()
    {
        foreach (var check in _checks.Where(check => check.Part is null && !check.IsSound))
            Add("unknown_tensor_lost", $"{check.Name.Quoted}, which is no part of an Ouro model, is "
                + $"{(check.State == TensorState.Lost ? "not in the file" : "different in the file")}.");

        var names = _checks.Where(check => check.Part is null).Select(check => check.Name).ToHashSet(StringComparer.Ordinal);
        var extra = _file.Unclaimed().Select(tensor => tensor.Name).Where(name => !names.Contains(name)).ToArray();
        if (extra.Length > 0)
            Remarks.Add($"{Count(extra, "tensor")} in the file that the source does not have ({Quoting.QuoteFew(extra)}); other programs may "
                + $"refuse it for that.");
    }

    void ForEach(IEnumerable<TensorCheck> checks, TensorState state, string code, Func<string[], string> sentence)
    {
        string[] names = [.. checks.Where(check => check.State == state).Select(check => check.Name)];
        if (names.Length > 0)
            Add(code, sentence(names));
    }

    void Add(string code, string sentence) => Losses.Add(new Loss(code, sentence));

    void AddToConfiguration(string code, string sentence) => Losses.Add(new Loss(code, sentence, IsInConfiguration: true));

    static string Count(string[] names, string noun) => string.Create(CultureInfo.InvariantCulture, $"{names.Length:N0} "
        + $"{noun}{(names.Length == 1 ? " is" : "s are")}");

    static string Number(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
