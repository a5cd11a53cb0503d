using System.Text.Json;
using Ouro.Training.Tasks;
using Ouro.Training.Tasks.Nano;

namespace Ouro.Cli.Eval;

/// <summary>Something to ask, and the one answer that counts.</summary>
/// <param name="Kind">What kind of question it is.</param>
/// <param name="Level">How many steps it takes, from 1; 0 where nobody says.</param>
sealed record Question(string Kind, int Level, string Text, string Answer)
{
    /// <summary>The tasks that questions can be drawn from.</summary>
    public static readonly string[] Tasks = ["nano", "mano"];

    const int MostLines = 1_000_000;

    /// <summary>How hard it is, in one word: one step is easy, more than three are hard.</summary>
    public string Difficulty => Level switch { 0 => "all", 1 => "easy", <= 3 => "medium", _ => "hard" };

    /// <summary>Questions that training never shows: the held-out split of a task.</summary>
    public static Question[] Drawn(string task, int count, ulong seed)
    {
        var nano = new NanoTasks(seed, Split.HeldOut);
        var mano = new Mano(seed, Split.HeldOut);
        return [.. Enumerable.Range(0, count).Select(number => task == "nano" ? Of(nano[number]) : Of(mano.InWords(number)))];
    }

    /// <summary>Questions of a file: a JSON object a line, with "question" and "answer", and perhaps "kind" and "level".</summary>
    /// <exception cref="UserErrorException">A line is something else, or there is none.</exception>
    public static Question[] Read(string path, int count)
    {
        var questions = new List<Question>();
        var number = 0;
        foreach (var line in File.ReadLines(path).Take(MostLines))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            if (questions.Count == count)
                break;
            questions.Add(Parse(line) ?? throw new UserErrorException(
                $"{path}: line {number:N0} is not a question; write {{\"question\": \"...\", \"answer\": \"...\"}}, and perhaps \"kind\" and \"level\" (a whole number)."));
        }

        return questions.Count > 0 ? [.. questions] : throw new UserErrorException($"{path}: holds no question. Write one JSON object with \"question\" and \"answer\" a line.");
    }

    static Question Of(TaskItem item) => new(item.Kind, item.Level, item.Question, item.Answer);

    static Question? Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var fields = json.RootElement;
            string? Text(string name) => fields.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.String ? field.GetString() : null;
            if (fields.ValueKind != JsonValueKind.Object || Text("question") is not { Length: > 0 } question || Text("answer") is not { } answer)
                return null;

            var level = fields.TryGetProperty("level", out var field) ? field.TryGetInt32(out var given) && given >= 0 ? given : -1 : 0;
            return level < 0 ? null : new Question(Text("kind") ?? "question", level, question, answer.Trim());
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
