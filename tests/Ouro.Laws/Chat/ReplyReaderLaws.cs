using Ouro.Chat;

namespace Ouro.Laws.Chat;

/// <summary>Calls of tools are taken out of answers, however these are cut.</summary>
public sealed class ReplyReaderLaws
{
    [Theory]
    [InlineData("plain text < and <tool> stay", "plain text < and <tool> stay", "")]
    [InlineData("a<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>b", "ab", "f{\"x\": 1}")]
    [InlineData("<tool_call>{\"name\": \"f\"}</tool_call><tool_call>{\"name\": \"g\", \"arguments\": {}}</tool_call>", "", "f{}g{}")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"s\": \"</b>\"}}", "", "f{\"s\": \"</b>\"}")]
    [InlineData("<tool_call>not JSON</tool_call>!", "<tool_call>not JSON</tool_call>!", "")]
    [InlineData("<tool_call>{\"name\": 5}</tool_call>", "<tool_call>{\"name\": 5}</tool_call>", "")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": [", "<tool_call>{\"name\": \"f\", \"arguments\": [", "")]
    [InlineData("half <tool_ca", "half <tool_ca", "")]
    public void Calls_are_found_in_any_cutting(string answer, string text, string calls)
    {
        for (var size = 1; size <= answer.Length; size++)
        {
            var splitter = new ToolCallSplitter();
            var found = new List<ToolCall>();
            var shown = string.Concat(answer.Chunk(size).Select(chunk => splitter.Add(new string(chunk), found))) + splitter.Flush(found);

            shown.ShouldBe(text);
            string.Concat(found.Select(call => call.Name + call.Arguments)).ShouldBe(calls);
            found.Select(call => call.Id).ShouldBeUnique();
        }
    }
}
