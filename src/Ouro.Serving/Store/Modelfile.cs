using System.Text;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Serving.Store;

/// <summary>One parameter of a model: a name that <see cref="Ouro.Generation.Setting"/> knows, and its value as it was written.</summary>
/// <param name="Name">The name itself, never an alias.</param>
/// <param name="Value">Within the limits of the setting.</param>
public sealed record ModelParameter(string Name, string Value);

/// <summary>What a model is made of, and how it is to be used: where the weights are, and settings, template, instructions and examples. Immutable.</summary>
/// <remarks>
/// <code>
/// # comment
/// FROM path/to/model.gguf            a file, a folder, a stored model's name, or hf:owner/repo
/// PARAMETER temperature 0.7
/// SYSTEM """
/// several lines
/// """
/// TEMPLATE "{{ messages[0]['content'] }}"     Jinja
/// MESSAGE user Hello
/// LICENSE "Apache-2.0"
/// </code>
/// Keywords may be in any case and any order. Every Modelfile that exists can be printed, and reads as itself.
/// </remarks>
public sealed record Modelfile
{
    /// <summary>Most bytes of a Modelfile; licence texts are long, but not this long.</summary>
    public const int MostBytes = 1_000_000;

    internal const int MostParameters = 200;
    internal const int MostMessages = 500;
    internal const int MostLicenses = 50;

    /// <summary>Stands before and behind a text of several lines.</summary>
    public const string Fence = "\"\"\"";

    /// <summary>Where the weights are: a path, a stored model's name, <c>hf:owner/repo...</c> or <c>sha256:...</c>.</summary>
    public required string From { get; init; }

    /// <summary>Settings, in the order in which they were written; only <c>stop</c> occurs more than once.</summary>
    public IReadOnlyList<ModelParameter> Parameters { get; init; } = [];

    /// <summary>The chat template, in Jinja; null takes the one in the model's file.</summary>
    public string? Template { get; init; }

    /// <summary>Instructions that stand before every conversation; null if there are none.</summary>
    public string? System { get; init; }

    /// <summary>Messages that every conversation begins with.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; init; } = [];

    /// <summary>Licence texts.</summary>
    public IReadOnlyList<string> Licenses { get; init; } = [];

    /// <summary>What a person should know about how the text was read, one sentence each; no part of what the Modelfile says.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Reads a Modelfile from a file.</summary>
    /// <exception cref="StoreException">It cannot be read, or is not a Modelfile.</exception>
    public static Modelfile Read(string path)
    {
        byte[] bytes;
        try
        {
            using var file = File.OpenRead(path);     // or a pipe, whose length nobody knows
            var read = new byte[MostBytes + 1];
            bytes = read[..file.ReadAtLeast(read, read.Length, throwOnEndOfStream: false)];
            if (bytes.AsSpan().StartsWith("GGUF"u8))
                throw new StoreException(StoreFault.Invalid, $"{path}: is a GGUF file, but a Modelfile is asked for. Is this the model itself? Write a small text that begins with FROM and its name.");
            if (bytes.Length > MostBytes)
                throw new StoreException(StoreFault.Invalid, $"{path}: has more than {MostBytes:N0} bytes, which is the most for a Modelfile. Is this the model itself? Write a small text that begins with FROM and its name.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StoreException(StoreFault.NotFound, $"{path}: the Modelfile cannot be read ({problem.Reason}). Name a text file with -f.", problem);
        }

        try
        {
            return Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (ArgumentException)
        {
            throw new StoreException(StoreFault.Invalid, $"{path}: is not UTF-8 text. Save the Modelfile as UTF-8.");
        }
        catch (StoreException problem)
        {
            throw new StoreException(problem.Fault, $"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>Reads a Modelfile.</summary>
    /// <exception cref="StoreException">It is none; the message names the line.</exception>
    public static Modelfile Parse(string text) => new ModelfileReader(text).Read();

    /// <summary>The same with the names of parameters in place of their aliases, and without parameters that have no effect; needed where it did not come from <see cref="Parse"/>, as in a request.</summary>
    /// <exception cref="StoreException">A parameter is unknown or out of range, a text is too long or cannot be written down.</exception>
    public Modelfile Checked()
    {
        var kept = Parameters.Where(parameter => !ParameterCheck.HasNoEffect(parameter.Name))
            .Select(parameter => parameter with { Name = ParameterCheck.NameOf(parameter.Name) ?? parameter.Name }).ToArray();
        var passed = Parameters.Where(parameter => ParameterCheck.HasNoEffect(parameter.Name))
            .Select(parameter => $"the parameter '{parameter.Name.ToLowerInvariant()}' has no effect here, and is left out.");
        var known = this with { Parameters = kept, Notes = [.. Notes, .. passed] };
        known.Check();
        return known;
    }

    void Check()
    {
        foreach (var parameter in Parameters)
        {
            if (ParameterCheck.Problem(parameter.Name, parameter.Value) is { } problem)
                throw new StoreException(StoreFault.Invalid, problem);
        }

        if (Parameters.GroupBy(parameter => parameter.Name).FirstOrDefault(group => group.Count() > 1 && !ParameterCheck.IsRepeatable(group.Key)) is { } twice)
            throw new StoreException(StoreFault.Invalid, $"the parameter '{twice.Key}' is given {twice.Count()} times. Give it once.");
        if (Parameters.Count(parameter => parameter.Name == "stop") > ReplySettings.MostStops)
            throw new StoreException(StoreFault.Invalid, $"there are more than {ReplySettings.MostStops} stop strings. Leave some out.");
        if (Parameters.Count > MostParameters || Messages.Count > MostMessages || Licenses.Count > MostLicenses)
            throw new StoreException(StoreFault.Invalid, $"there are more than {MostParameters} parameters, {MostMessages} messages or {MostLicenses} licences, which no model needs. Leave some out.");

        string?[] texts = [From, Template, System, .. Parameters.Select(parameter => parameter.Value), .. Messages.Select(message => message.Content), .. Licenses];
        if (texts.Sum(text => (long)(text?.Length ?? 0)) > MostBytes)
            throw new StoreException(StoreFault.Invalid, $"the texts have more than {MostBytes:N0} characters together. Shorten them.");
        foreach (var text in texts)
        {
            if (text is not null && ModelfileReader.TextProblem(text) is { } problem)
                throw new StoreException(StoreFault.Invalid, problem);
        }

        if (Template is not null && ModelfileReader.GoSyntaxIn(Template) is { } go)
            throw new StoreException(StoreFault.Invalid, ModelfileReader.GoTemplate(go));
    }

    /// <summary>The text that reads as this.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"FROM {Quoted(From)}\n");
        foreach (var parameter in Parameters)
            text.Append($"PARAMETER {parameter.Name} {Quoted(parameter.Value)}\n");
        if (Template is not null)
            text.Append($"TEMPLATE {Fenced(Template)}\n");
        if (System is not null)
            text.Append($"SYSTEM {Fenced(System)}\n");
        foreach (var message in Messages)
            text.Append($"MESSAGE {message.Role} {Fenced(message.Content)}\n");
        foreach (var license in Licenses)
            text.Append($"LICENSE {Fenced(license)}\n");
        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(Modelfile? other) => other is not null
        && From == other.From && Template == other.Template && System == other.System
        && Parameters.SequenceEqual(other.Parameters) && Messages.SequenceEqual(other.Messages) && Licenses.SequenceEqual(other.Licenses);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(From, Template, System, Parameters.Count, Messages.Count, Licenses.Count);

    static string Fenced(string text) => Fence + text + Fence;

    /// <summary>As it stands where that reads the same; in quotes elsewhere.</summary>
    static string Quoted(string text)
        => text.Length > 0 && text.Trim() == text && !text.Contains('\n', StringComparison.Ordinal) && text[0] != '"' ? text : Fenced(text);
}
