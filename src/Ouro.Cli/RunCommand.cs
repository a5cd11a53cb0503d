using System.CommandLine;
using System.Security.Cryptography;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary><c>ouro run</c>: a reply to a prompt, or a conversation.</summary>
sealed class RunCommand
{
    readonly Argument<string?> _prompt = new("PROMPT") { Description = "What to answer; without it, standard input, or a conversation on a terminal.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<double?> _temperature = SettingOptions.Number(Setting.Temperature);
    readonly Option<int?> _topK = SettingOptions.Whole(Setting.TopK);
    readonly Option<double?> _topP = SettingOptions.Number(Setting.TopP);
    readonly Option<double?> _minP = SettingOptions.Number(Setting.MinP);
    readonly Option<double?> _repeatPenalty = SettingOptions.Number(Setting.RepeatPenalty);
    readonly Option<int?> _repeatLastN = SettingOptions.Whole(Setting.RepeatLastN);
    readonly Option<int?> _numPredict = SettingOptions.Whole(Setting.NumPredict);
    readonly Option<int?> _numCtx = SettingOptions.Whole(Setting.NumCtx, $"{Setting.NumCtx.Default:0}, or the model's if that is less");
    readonly Option<long?> _seed = SettingOptions.Seed<long>("The same seed and prompt give the same text [default: a new one each time].");
    readonly Option<string[]> _stop = new("--stop") { Description = "Ends the answer before this text; may be given several times.", HelpName = "text" };
    readonly Option<string?> _system = new("--system") { Description = "Instructions for a chat.", HelpName = "text" };
    readonly Option<bool> _raw = new("--raw") { Description = "Continue the text as it stands, without the chat format." };
    readonly Choice<bool?> _think = new(
        "--think", "Open <think> for the model; auto does so for Thinking models.", ("auto", null), ("on", true), ("off", false));
    readonly Option<bool> _hideThinking = new("--hide-thinking") { Description = "Do not show the reasoning." };
    readonly Option<bool> _verbose = new("--verbose") { Description = "Say afterwards how long it took, how fast it was and how many loops each token had." };
    readonly EngineOptions _engineOptions = new(ElementType.F16, isOptional: true);
    readonly SequenceOptionsReader _sequenceOptions;

    RunCommand() => _sequenceOptions = new SequenceOptionsReader(_engineOptions);

    public static Command Create() => new RunCommand().Build();

    Command Build()
    {
        var command = new Command("run", "Answers a prompt, or holds a conversation; text streams as it is made.")
        {
            _prompt, _temperature, _topK, _topP, _minP, _repeatPenalty, _repeatLastN, _seed, _numPredict, _numCtx, _stop, _system, _raw, _think.Option,
            _hideThinking, _verbose,
        };
        _engineOptions.AddTo(command);
        _sequenceOptions.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        using var engine = _engineOptions.Open(parsed);
        var brought = engine.Stored?.Parameters ?? StoredParameters.None;
        if (engine.Stored?.Template is not null)
            Front.Warn("this model has a chat template of its own, but 'run' writes chats as ChatML.");
        var context = parsed.GetValue(_numCtx) ?? brought.Whole(Setting.NumCtx) ?? Math.Min((int)Setting.NumCtx.Default, engine.Model.Config.ContextTokens);
        var options = _sequenceOptions.Of(parsed, engine, context, brought);
        var need = engine.CheckMemory(options);
        if (parsed.GetValue(_verbose))
            ReplyReport.Line("needs", need);
        if (context > engine.Model.Config.ContextTokens)
            Front.Warn($"a context of {context:N0} tokens is more than the {engine.Model.Config.ContextTokens:N0} that the model was trained for.");

        using var session = new Session(engine.Model, options);
        var seed = parsed.GetValue(_seed) ?? brought.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        var system = parsed.GetValue(_system) ?? engine.Stored?.System;
        var conversation = new Conversation(engine, session, Sampling(parsed, brought, seed))
        {
            Before = engine.Stored?.Messages ?? [],
            Limit = (parsed.GetValue(_numPredict) ?? brought.Whole(Setting.NumPredict)) is int limit and >= 0 ? limit : int.MaxValue,
            Stops = parsed.GetValue(_stop) is { Length: > 0 } stops ? stops : brought.Stops,
            HideThinking = parsed.GetValue(_hideThinking),
            IsVerbose = parsed.GetValue(_verbose),
            Thinks = _think.Of(parsed),
        };

        if (parsed.GetValue(_prompt) is null && !Console.IsInputRedirected)
            return conversation.Converse(system);

        var prompt = parsed.GetValue(_prompt) ?? StandardInput.All();
        var end = parsed.GetValue(_raw) || !engine.IsChat ? conversation.Continue(prompt) : conversation.Answer(system, prompt);
        return end == ReplyEnd.Interrupted ? Front.Interrupted : 0;
    }

    SamplingOptions Sampling(ParseResult parsed, StoredParameters brought, long seed)
    {
        double Number(Option<double?> option, Setting setting) => parsed.GetValue(option) ?? brought.Number(setting) ?? setting.Default;
        int Whole(Option<int?> option, Setting setting) => parsed.GetValue(option) ?? brought.Whole(setting) ?? (int)setting.Default;
        return new SamplingOptions
        {
            Seed = seed,
            Temperature = Number(_temperature, Setting.Temperature),
            TopK = Whole(_topK, Setting.TopK),
            TopP = Number(_topP, Setting.TopP),
            MinP = Number(_minP, Setting.MinP),
            RepeatPenalty = Number(_repeatPenalty, Setting.RepeatPenalty),
            RepeatLastN = Whole(_repeatLastN, Setting.RepeatLastN),
        };
    }
}
