using System.CommandLine;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Generation;

namespace Ouro.Cli.Replies;

/// <summary>The options of commands that talk: the model, how it computes, how tokens are chosen, and what is shown.</summary>
sealed class TalkOptions
{
    readonly EngineOptions _engine = new(ElementType.F16, isOptional: true);
    readonly ReplyOptions _reply;
    readonly NumberOptions _sampling = new NumberOptions()
        .With(Setting.Temperature).With(Setting.TopK).With(Setting.TopP).With(Setting.MinP).With(Setting.RepeatPenalty).With(Setting.RepeatLastN)
        .With(Setting.NumPredict).With(Setting.NumCtx, $"{Setting.NumCtx.Default:0}, or the model's if that is less");

    readonly Option<long?> _seed = SettingOptions.Seed<long>("The same seed and prompt give the same text [default: a new one each time].");
    readonly Option<string[]> _stop = new("--stop") { Description = "Ends the answer before this text; may be given several times.", HelpName = "text" };
    readonly Option<string?> _system = new("--system") { Description = "Instructions for a chat.", HelpName = "text" };
    readonly Choice<bool?> _think = new(
        "--think", "Open <think> for the model; auto does so for Thinking models.", ("auto", null), ("on", true), ("off", false));

    readonly Option<bool> _hideThinking = new("--hide-thinking") { Description = "Do not show the reasoning." };
    readonly Option<bool> _verbose = new("--verbose") { Description = "Say afterwards how long it took, how fast it was and how many loops each token had." };

    public TalkOptions() => _reply = new ReplyOptions(_engine);

    /// <summary>The options that mean something in the chat format only.</summary>
    public IReadOnlyList<Option> ChatOnly => [_system, _think.Option];

    public void AddTo(Command command)
    {
        _engine.AddTo(command);
        _reply.AddTo(command);
        _sampling.AddTo(command);
        foreach (var option in new Option[] { _seed, _stop, _system, _think.Option, _hideThinking, _verbose })
            command.Options.Add(option);
    }

    /// <summary>Loads the model.</summary>
    public Engine Open(ParseResult parsed) => _engine.Open(parsed);

    /// <summary>A conversation as it was asked for, over what the model brings along.</summary>
    /// <exception cref="UserErrorException">Its context cannot fit this machine.</exception>
    public Conversation Conversation(ParseResult parsed, Engine engine)
    {
        var settings = Settings(parsed).Over(engine.Brought);
        ReplyOptions.WarnAbout(settings, engine.Model);
        var need = engine.CheckMemory(settings);
        var isVerbose = parsed.GetValue(_verbose);
        if (isVerbose)
            ReplyReport.Line("needs", need);

        return new Conversation(engine, settings)
        {
            System = parsed.GetValue(_system) ?? engine.Stored?.System,
            Thinks = _think.Of(parsed),
            HidesThinking = parsed.GetValue(_hideThinking),
            IsVerbose = isVerbose,
        };
    }

    ReplySettings Settings(ParseResult parsed)
    {
        var settings = _sampling.Over(parsed, _reply.Settings(parsed)) with { Seed = parsed.GetValue(_seed) };
        return (parsed.GetValue(_stop) ?? []).Aggregate(settings, (all, stop) => all.With("stop", stop));
    }
}
