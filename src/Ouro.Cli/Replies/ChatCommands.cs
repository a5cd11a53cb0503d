using System.Globalization;
using Ouro.Chat;
using Ouro.Generation;
using Ouro.Serving.Store;
using Ouro.Text;
using Spectre.Console;

namespace Ouro.Cli.Replies;

/// <summary>What a line that begins with a slash does.</summary>
sealed class ChatCommands
{
    static readonly string[] Farewells = ["/bye", "/exit", "/quit"];

    readonly Conversation _talk;
    readonly (string Name, string Arguments, string Meaning, Func<string, Task<bool>> Act)[] _all;

    public ChatCommands(Conversation talk)
    {
        _talk = talk;
        _all =
        [
            ("/set", "NAME VALUE", "Sets something for the replies to come, such as num_iterations 2, system \"Be brief.\", think on; alone, it lists what there is.", Now(Set)),
            ("/unset", "NAME", "Takes it back, to what the model brings or the default.", Now(Unset)),
            ("/show", "[settings|messages|modelfile]", "Shows the model and what is set; or every setting, what was said, or the Modelfile of all this.", Now(Show)),
            ("/save", "NAME", "Stores the model with this conversation, its system message and settings under a name, to go on with later: ouro chat NAME.", Save),
            ("/retry", "", "Answers the last question again.", _ => _talk.Retry()),
            ("/clear", "", "Forgets what was said.", Now(_ => Clear())),
            ("/help", "", "Shows this.", Now(_ => Help())),
            ("/bye", "", "Ends the conversation, as Ctrl-D does.", Now(_ => { })),
        ];
    }

    /// <summary>True for what ends a conversation.</summary>
    public static bool IsFarewell(string text) => Farewells.Contains(text.Trim());

    /// <summary>Does what a line says.</summary>
    /// <returns>False if the person interrupted it.</returns>
    /// <exception cref="UserErrorException">There is no such command, or not this way.</exception>
    /// <exception cref="SettingException">There is no such setting, or it cannot have this value.</exception>
    public Task<bool> Run(string line)
    {
        var (name, rest) = Split(line);
        name = name == "/?" ? "/help" : name;
        var found = Array.Find(_all, command => command.Name == name);
        return found.Act?.Invoke(rest)
            ?? throw new UserErrorException($"there is no command '{Front.Plain(name.Length <= 40 ? name : name[..40] + "...")}'; /help shows those that there are. To say something that begins with a slash, begin with a space.");
    }

    void Set(string rest)
    {
        var (name, value) = Split(rest);
        if (name == "parameter")
            (name, value) = Split(value);   // as Ollama has it
        switch (name)
        {
            case "":
                ListSettings();
                return;
            case "system":
                _talk.System = value.Length > 0 ? Unquoted(value) : throw new UserErrorException("/set system needs a text; /unset system takes it away.");
                return;
            case "think" or "nothink":
                _talk.Thinks = name == "nothink" ? false : value == "auto" ? null : IsOn(name, value);
                return;
            case "verbose" or "quiet":
                _talk.IsVerbose = name == "verbose" && IsOn(name, value);
                return;
            case "depth":
                _talk.ShowsDepth = IsOn(name, value);
                return;
        }

        if (value.Length == 0 && ReplySettings.Knows(name))
            throw new UserErrorException($"/set {name} needs a value; /set alone shows what there is.");
        Change(_talk.Settings.With(name, Unquoted(value)));
    }

    void Unset(string name)
    {
        switch (name)
        {
            case "":
                throw new UserErrorException("/unset needs the name of what is to be taken back; /set alone shows what there is.");
            case "system":
                _talk.System = null;
                return;
            case "think":
                _talk.Thinks = null;
                return;
            case "verbose":
                _talk.IsVerbose = false;
                return;
            case "depth":
                _talk.ShowsDepth = true;
                return;
        }

        Change(_talk.Settings.Without(name).Over(_talk.Engine.Brought));
    }

    void Change(ReplySettings settings)
    {
        var model = _talk.Engine.Model;
        _talk.Engine.CheckMemory(settings);
        var known = _talk.Settings.Oddities(model.Config, model.HasGate).ToArray();
        _talk.Settings = settings;
        foreach (var oddity in settings.Oddities(model.Config, model.HasGate).Except(known))
            Front.Warn(oddity);
    }

    void Clear()
    {
        if (_talk.Clear() is > 0 and var own)
            Console.Error.WriteLine($"[the {own} messages that the model brings along stay]");
    }

    void Show(string what)
    {
        switch (what)
        {
            case "":
                ShowModel();
                break;
            case "settings" or "parameters":
                ListSettings();
                break;
            case "messages":
                foreach (var turn in _talk.Turns)
                    Front.WriteLines($"{turn.Role}: {turn.Content}");
                break;
            case "modelfile":
                Front.WriteLines(ToModelfile().ToString());
                break;
            case "system":
                Front.WriteLines(_talk.System ?? "There is no system message.");
                break;
            default:
                throw new UserErrorException("/show takes settings, messages, modelfile or system; alone, it shows the model and what is set.");
        }
    }

    void ShowModel()
    {
        var (engine, config) = (_talk.Engine, _talk.Engine.Model.Config);
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        void Row(string name, string text) => grid.AddRow(Markup.Escape(name), Markup.Escape(Front.Plain(text)));
        Row("model", engine.Name);
        Row("size", string.Create(CultureInfo.InvariantCulture, $"{config.ParameterCount:N0} parameters, {config.Layers} layers x {config.Loops} loops, {(engine.Model.HasGate ? "with" : "without")} an early-exit gate"));
        Row("context", string.Create(CultureInfo.InvariantCulture, $"{(_talk.Last is { } last ? last.PromptTokens + last.Tokens : 0):N0} of {_talk.Settings.ContextTokens(config):N0} tokens used; trained for {config.ContextTokens:N0}"));
        Row("messages", _talk.Turns.Count.ToString(CultureInfo.InvariantCulture));
        if (_talk.System is { } system)
            Row("system", system);
        if (_talk.Thinks is { } thinks)
            Row("think", thinks ? "on" : "off");
        foreach (var (name, value) in _talk.Settings.Entries())
            Row(name, value);
        Front.Results.Write(grid);
    }

    void ListSettings()
    {
        var table = new Table { Border = TableBorder.None };
        table.AddColumns("NAME", "NOW", "MEANING");
        foreach (var setting in Setting.All)
        {
            var now = InForce(setting).ToString(CultureInfo.InvariantCulture);
            table.AddRow(setting.Name, _talk.Settings.Find(setting) is null ? now : $"[bold]{now}[/]", Markup.Escape(setting.Meaning));
        }

        string Words<T>(IReadOnlyList<(string Word, T Value)> choices) => string.Join(", ", choices.Select(choice => choice.Word)) + ".";
        string Now(string name, string otherwise) => string.Join(" ", _talk.Settings.Entries().Where(entry => entry.Name == name).Select(entry => entry.Value)) is { Length: > 0 } set ? set : otherwise;
        void Row(string name, string now, string meaning) => table.AddRow(name, Markup.Escape(Front.Plain(now)), Markup.Escape(meaning));
        Row("seed", Now("seed", "random"), "The same seed and conversation give the same replies.");
        Row("stop", Now("stop", "none"), "Ends a reply before this text; each /set adds one.");
        Row("kv_policy", Now("kv_policy", "exact"), $"What later tokens find of a token: {Words(ReplySettings.Policies)}");
        Row("kv_type", Now("kv_type", "f16"), $"What keys and values are stored as: {Words(ReplySettings.KvTypes)}");
        Row("system", _talk.System is null ? "none" : "set", "Instructions that stand before everything.");
        Row("think", _talk.Thinks is { } thinks ? thinks ? "on" : "off" : "auto", "Whether the model thinks before it answers: on, off, auto.");
        Row("depth", _talk.ShowsDepth ? "on" : "off", "Whether replies show how many loops their tokens had.");
        Row("verbose", _talk.IsVerbose ? "on" : "off", "Whether a report follows each reply.");
        Front.Results.Write(table);
    }

    /// <summary>What was set, else what the model's file says, else the default.</summary>
    double InForce(Setting setting)
    {
        var config = _talk.Engine.Model.Config;
        return setting == Setting.NumIterations ? _talk.Settings.Rule(config).Loops
            : setting == Setting.ExitThreshold ? _talk.Settings.Rule(config).Threshold
            : setting == Setting.NumCtx ? _talk.Settings.ContextTokens(config)
            : _talk.Settings.Of(setting);
    }

    async Task<bool> Save(string name)
    {
        if (name.Length == 0)
            throw new UserErrorException("/save needs a name for the stored model, as in: /save my-model");

        var message = _talk.Turns.ToList().FindIndex(turn => turn.Content.Contains(Modelfile.Fence, StringComparison.Ordinal));
        if (message >= 0)
            throw new UserErrorException($"message {message + 1} has three quotation marks in a row, which a Modelfile cannot hold, so this conversation cannot be saved. After /clear, the settings can.");

        var options = new CreateOptions { BaseFolder = Environment.CurrentDirectory, BuiltInPath = OwnModel.PathIfAny };
        var (store, wanted, cancel) = (new ModelStore(), ModelName.Parse(name), Interrupts.Token);
        var isThere = store.Find(wanted) is not null;
        var created = await ProgressBar.Steps(progress => store.CreateAsync(wanted, ToModelfile(), options, progress, cancel)).ConfigureAwait(false);
        StoreCommand.Report(created);
        if (isThere)
            Console.Error.WriteLine($"[it takes the place of the '{wanted}' that was there]");
        if (_talk.Thinks is not null)
            Console.Error.WriteLine("[/set think is not kept with a model; say it again next time]");
        return true;
    }

    Modelfile ToModelfile() => new()
    {
        From = _talk.Engine.Name,
        Parameters = [.. _talk.Settings.Entries().Select(entry => new ModelParameter(entry.Name, entry.Value))],
        Template = _talk.Engine.Stored?.Template,
        System = _talk.System ?? (_talk.Engine.Stored?.System is null ? null : ""),     // nothing in place of what the model brings
        Messages = [.. _talk.Turns.Select(turn => new ChatMessage(turn.Role, turn.Content))],
    };

    void Help()
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("", "");
        foreach (var (name, arguments, meaning, _) in _all)
            table.AddRow(Markup.Escape($"{name} {arguments}"), Markup.Escape(meaning));
        table.AddEmptyRow();
        table.AddRow("\"\"\"", "Begins and ends a message of several lines; Alt-Enter and Ctrl-J begin a new line, too.");
        table.AddRow("Up, Down", "Earlier messages.");
        Front.Results.Write(table);
    }

    static Func<string, Task<bool>> Now(Action<string> act) => rest =>
    {
        act(rest);
        return Task.FromResult(true);
    };

    static bool IsOn(string name, string value) => value switch
    {
        "" or "on" or "true" => true,
        "off" or "false" => false,
        _ => throw new UserErrorException($"/set {name} takes on or off."),
    };

    static string Unquoted(string text) => text is ['"', .., '"'] ? text[1..^1] : text;

    static (string Word, string Remainder) Split(string text)
    {
        text = text.Trim();
        var end = text.AsSpan().IndexOfAny(" \t\n");
        return end < 0 ? (text, "") : (text[..end], text[(end + 1)..].TrimStart());
    }
}
