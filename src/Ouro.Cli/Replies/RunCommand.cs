using System.CommandLine;

namespace Ouro.Cli.Replies;

/// <summary><c>ouro run</c>: a reply to a prompt; without one on a terminal, a conversation as of <see cref="ChatCommand"/>.</summary>
static class RunCommand
{
    public static Command Create()
    {
        var prompt = new Argument<string?>("PROMPT") { Description = "What to answer; without it, standard input, or a conversation on a terminal.", Arity = ArgumentArity.ZeroOrOne };
        var raw = new Option<bool>("--raw") { Description = "Continue the text as it stands, without the chat format." };
        var options = new TalkOptions();
        var command = new Command("run", "Answers a prompt, or holds a conversation; text streams as it is made.") { prompt, raw };
        options.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(raw) is { Implicit: false } && options.ChatOnly.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } chat)
                result.AddError($"{chat.Name} belongs to the chat format, which --raw leaves out. Leave one of them out.");
        });
        command.SetAction(async (parsed, _) =>
        {
            using var engine = options.Open(parsed);
            var conversation = options.Conversation(parsed, engine);
            if (parsed.GetValue(prompt) is null && !Console.IsInputRedirected)
                return await new ChatLoop(conversation, new TerminalInput()).Run();

            var text = parsed.GetValue(prompt) ?? StandardInput.All();
            var isWhole = await (parsed.GetValue(raw) || !engine.IsChat ? conversation.Continue(text) : conversation.Answer(text));
            return isWhole ? 0 : Front.Interrupted;
        });
        return command;
    }
}
