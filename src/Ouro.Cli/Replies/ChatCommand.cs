using System.CommandLine;

namespace Ouro.Cli.Replies;

/// <summary><c>ouro chat</c>: a conversation, its dials at hand.</summary>
static class ChatCommand
{
    public static Command Create()
    {
        var options = new TalkOptions();
        var command = new Command("chat", "Holds a conversation: history, input of several lines, and commands such as /set num_iterations 2; lines may also come from a pipe.");
        options.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using var engine = options.Open(parsed);
            return await new ChatLoop(options.Conversation(parsed, engine), Console.IsInputRedirected ? new PipedInput() : new TerminalInput()).Run();
        });
        return command;
    }
}
