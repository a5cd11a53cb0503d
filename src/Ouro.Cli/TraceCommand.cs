using System.CommandLine;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Text;
using Spectre.Console;

namespace Ouro.Cli;

/// <summary><c>ouro trace</c>: what each loop does to each token of a text.</summary>
static class TraceCommand
{
    public static Command Create()
    {
        var text = new TokenOptions();
        var json = new Option<bool>("--json") { Description = "Everything as JSON, with every logit. Loops count from 1." };
        var top = SettingOptions.Between("--top", "How many tokens to show that would be said after each loop.", 1, 1 << 24, 1);
        var write = SettingOptions.Between("--write", "Write so many tokens greedily, and show which loop each of them ran in which pass.", 0, 4096, 0);
        var svg = new Option<string?>("--svg") { Description = "With --write: draw it into this file, too.", HelpName = "file" };
        var engineOptions = new EngineOptions(ElementType.F32);
        var options = new ReplyOptions(engineOptions);
        var command = new Command("trace", "Shows for every loop and token the gate's chances, the exit loop and what would be said after each loop.")
        {
            json, top, write, svg,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(svg) is not null && result.GetResult(write) is not { Implicit: false })
                result.AddError("--svg draws what --write writes; say how many tokens with --write.");
            if (result.GetResult(write) is { Implicit: false } && (result.GetResult(json) ?? (object?)(result.GetResult(top) is { Implicit: false } ? top : null)) is not null)
                result.AddError("--write shows rows over passes; --json and --top are about the gate and the read-outs. Leave one of them out.");
        });
        text.AddTo(command);
        engineOptions.AddTo(command);
        options.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            using var engine = engineOptions.Open(parsed);
            var tokens = text.Of(parsed, engine);
            if (parsed.GetValue(write) is > 0 and var count)
            {
                Write(engine, options.Text(parsed, engine, tokens.Length + count), tokens, count, parsed.GetValue(svg), cancel);
                return Task.FromResult(0);
            }

            var rule = options.Text(parsed, engine, tokens.Length).Rule;
            CheckSize(tokens.Length, rule.Loops, engine);
            var trace = Trace.Run(engine.Model, tokens, rule, engineOptions.KvType(parsed), cancel);
            if (parsed.GetValue(json))
                WriteJson(trace);
            else
                WriteTable(trace, Math.Min(parsed.GetValue(top), engine.Model.Config.Vocabulary), engine.TokenizerIfAny);
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>Writes a reply and shows its rows over its passes.</summary>
    static void Write(Engine engine, SequenceOptions options, int[] prompt, int count, string? svg, CancellationToken cancel)
    {
        engine.CheckMemory(options);
        using var scheduler = new Scheduler(engine.Model);
        var sequence = scheduler.Open(options);
        sequence.Feed(prompt);
        sequence.Write(new Sampler(SamplingOptions.Greedy, engine.Model.Config.Vocabulary), count);
        var picture = new WavefrontPicture();
        while (sequence.HasWork)
        {
            scheduler.Step(cancel);
            picture.Add(scheduler.LastPass);
        }

        if (sequence.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);

        string Name(int id) => Shown(id, engine.TokenizerIfAny);
        picture.Write(Front.Results, sequence.Tokens, Name);
        var counters = sequence.Counters;
        Front.Results.WriteLine(FormattableString.Invariant(
            $"{count} tokens in {picture.Passes} passes, {counters.Rows} rows; {counters.GuessesKept} of {counters.Guesses} guesses held."));
        if (svg is not null)
            AtomicFile.WriteAllText(svg, picture.Svg(sequence.Tokens, Name));
    }

    /// <summary>A trace keeps every logit, so a long text at real size does not fit.</summary>
    static void CheckSize(int tokens, int loops, Engine engine)
    {
        var bytes = (long)tokens * loops * engine.Model.Config.Vocabulary * sizeof(float);
        if (bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2)
            throw new UserErrorException(
                $"a trace of {tokens:N0} tokens and {loops} loops keeps {Sizes.Text(bytes)} of logits, which this machine cannot hold. Trace a shorter text.");
    }

    static void WriteJson(Trace trace)
    {
        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        Numbers(json, "ids", trace.Ids);
        json.WriteStartArray("loops");
        foreach (var loop in trace.Loops)
        {
            json.WriteStartObject();
            json.WriteNumber("loop", loop.Loop);
            Numbers(json, "gate_logit", loop.GateLogit);
            Numbers(json, "stop_chance", loop.StopChance);
            Numbers(json, "exit_chance", loop.ExitChance);
            Numbers(json, "cumulative", loop.Cumulative);
            json.WriteStartArray("logits");
            foreach (var logits in loop.Logits)
                Numbers(json, null, logits);
            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
        }

        json.WriteEndArray();
        Numbers(json, "exit_loop", trace.ExitLoop);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    /// <summary>JSON has no NaN: what is not a number is written as null.</summary>
    static void Numbers<T>(Utf8JsonWriter json, string? name, T[] values)
        where T : struct, System.Numerics.INumberBase<T>
    {
        if (name is null)
            json.WriteStartArray();
        else
            json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (!T.IsFinite(value))
                json.WriteNullValue();
            else
                json.WriteRawValue(value.ToString(null, CultureInfo.InvariantCulture), skipInputValidation: true);
        }

        json.WriteEndArray();
    }

    static void WriteTable(Trace trace, int top, Tokenizer? tokenizer)
    {
        var hasGate = trace.Loops[0].GateLogit.Length > 0;
        var table = new Table().Border(TableBorder.Simple).AddColumns("token", "loop");
        foreach (var column in hasGate ? new[] { "stop", "exit", "so far" } : [])
            table.AddColumn(new TableColumn(column).RightAligned());
        table.AddColumn("would say");

        for (var token = 0; token < trace.Ids.Length; token++)
        {
            foreach (var loop in trace.Loops)
            {
                var read = loop.Loop == trace.ExitLoop[token];
                List<string> cells =
                [
                    loop.Loop == 1 ? $"{token + 1}  {Markup.Escape(Shown(trace.Ids[token], tokenizer))}" : "",
                    read ? $"[bold]{loop.Loop} <[/]" : $"{loop.Loop}",
                ];
                if (hasGate)
                    cells.AddRange([Share(loop.StopChance[token]), Share(loop.ExitChance[token]), Share(loop.Cumulative[token])]);
                cells.Add(Markup.Escape(Saying(loop.Logits[token], top, tokenizer)));
                table.AddRow([.. cells]);
            }
        }

        Front.Results.Write(table);
        Front.Results.WriteLine("'<' marks the loop at which the token is read.");
        if (!hasGate)
            Front.Results.WriteLine("This file has lost its early-exit gate: there are no chances to show, and every token runs at full depth.");
    }

    static string Saying(float[] logits, int top, Tokenizer? tokenizer)
    {
        var largest = logits.Max();
        var total = logits.Sum(logit => Math.Exp(logit - largest));
        return string.Join("   ", logits.Index().OrderByDescending(entry => entry.Item).Take(top)
            .Select(entry => $"{Shown(entry.Index, tokenizer)} {Share(Math.Exp(entry.Item - largest) / total)}"));
    }

    static string Shown(int id, Tokenizer? tokenizer)
        => tokenizer is null || id >= tokenizer.Vocabulary.Count ? $"#{id}" : $"{JsonSerializer.Serialize(tokenizer.Decode([id]), PlainJson.Text.String)} #{id}";

    static string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
