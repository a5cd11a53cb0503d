using System.CommandLine;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Generation;

namespace Ouro.Cli;

/// <summary><c>ouro generate</c>: token ids in, the likeliest token ids out; nothing stops it but the count.</summary>
static class GenerateCommand
{
    public static Command Create()
    {
        var text = new TokenOptions();
        var count = SettingOptions.Between("--count", "Tokens to write.", 1, 1 << 24, 32, "-n");
        var json = new Option<bool>("--json") { Description = "With the depth, loops run and margin of every token, passes and rows." };
        var engineOptions = new EngineOptions(ElementType.F32);
        var replyOptions = new ReplyOptions(engineOptions, draftsByDefault: false);
        var command = new Command("generate", "Writes token ids greedily, with the depth of each; stop tokens do not stop it.") { count, json };
        text.AddTo(command);
        engineOptions.AddTo(command);
        replyOptions.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            using var engine = engineOptions.Open(parsed);
            var tokens = text.Of(parsed, engine);
            var options = replyOptions.Text(parsed, engine, tokens.Length + parsed.GetValue(count));
            engine.CheckMemory(options);
            using var session = new Session(engine.Model, options);
            session.Feed(tokens, cancel);
            var sampler = new Sampler(SamplingOptions.Greedy, engine.Model.Config.Vocabulary);
            var written = session.Write(sampler, parsed.GetValue(count), cancel: cancel).ToArray();
            session.Complete(cancel);
            if (parsed.GetValue(json))
                WriteJson(tokens, written, session);
            else
                Console.WriteLine(string.Join(' ', written.Select(token => token.Id)));
            return Task.FromResult(0);
        });
        return command;
    }

    static void WriteJson(int[] prompt, GeneratedToken[] written, Session session)
    {
        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        WriteIds(json, "prompt_ids", prompt);
        WriteIds(json, "ids", written.Select(token => token.Id));
        json.WriteStartArray("tokens");
        foreach (var token in written)
        {
            json.WriteStartObject();
            json.WriteNumber("id", token.Id);
            json.WriteNumber("depth", token.Depth);
            json.WriteNumber("loops_run", token.LoopsRun);
            json.WriteNumber("margin", token.Margin);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("passes", session.Passes);
        json.WriteNumber("rows", session.RowsRun);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    static void WriteIds(Utf8JsonWriter json, string name, IEnumerable<int> ids)
    {
        json.WriteStartArray(name);
        foreach (var id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
