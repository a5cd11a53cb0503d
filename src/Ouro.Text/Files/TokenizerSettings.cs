using System.Text;
using Ouro.Formats;

namespace Ouro.Text;

/// <summary>What the small files beside <c>tokenizer.json</c> say: token names by role, and the chat template.</summary>
sealed class TokenizerSettings
{
    readonly Dictionary<string, (string Token, string Path)> _roles = [];

    public string? ChatTemplate { get; private init; }

    public static TokenizerSettings Beside(string tokenizerFile)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(tokenizerFile))!;
        var settings = ReadIfThere(Path.Combine(folder, TokenizerJson.SettingsFile));
        var map = ReadIfThere(Path.Combine(folder, TokenizerJson.SpecialsFile));
        var template = Path.Combine(folder, TokenizerJson.TemplateFile);

        var result = new TokenizerSettings
        {
            ChatTemplate = File.Exists(template) ? Encoding.UTF8.GetString(JsonField.ReadBytes(template)) : settings is { } field ? TemplateIn(field["chat_template"]) : null,
        };
        result.AddRoles(settings);
        result.AddRoles(map);
        return result;
    }

    /// <summary>Settings that no file states.</summary>
    /// <param name="origin">For messages.</param>
    public static TokenizerSettings Of(string origin, string chatTemplate, params (string Role, string Token)[] roles)
    {
        var settings = new TokenizerSettings { ChatTemplate = chatTemplate };
        foreach (var (role, token) in roles)
            settings._roles[role] = (token, origin);
        return settings;
    }

    /// <param name="tokens">By id.</param>
    public SpecialIds Resolve(string[] tokens)
    {
        int? IdOf(string role)
        {
            if (!_roles.TryGetValue(role, out var named))
                return null;

            return Array.IndexOf(tokens, named.Token) is >= 0 and var id
                ? id
                : throw new ModelFileException(
                    named.Path, $"{role} is {VocabularyCheck.Quote(named.Token)}, which {TokenizerJson.TokenizerFile} does not have.");
        }

        return new SpecialIds(IdOf("bos_token"), IdOf("eos_token"), IdOf("pad_token"), IdOf("unk_token"));
    }

    void AddRoles(JsonField? file)
    {
        if (file is not { } fields)
            return;

        foreach (var role in (string[])["bos_token", "eos_token", "pad_token", "unk_token"])
        {
            var field = fields[role];
            if (!field.IsNull)
                _roles.TryAdd(role, (field.IsText ? field.Text() : field["content"].Text(), fields.Path));
        }
    }

    /// <summary>One template, or of several with names the one named default.</summary>
    static string? TemplateIn(JsonField field)
    {
        if (!field.IsList)
            return field.TextOrNull();

        return field.Items().Where(item => item["name"].Text() == "default").Select(item => item["template"].Text()).FirstOrDefault();
    }

    static JsonField? ReadIfThere(string path) => File.Exists(path) ? JsonField.Read(path) : null;
}
