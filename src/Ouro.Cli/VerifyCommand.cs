using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Cli;

/// <summary><c>ouro verify</c>: proof that a file holds all of its source, or a plain list of what it lost.</summary>
static class VerifyCommand
{
    const string Fields =
        "source, file, nothing_lost, parameters, sound_parameters, losses [{code, sentence}], remarks, tensors [{name, role, "
        + "layer, parameters, source_type, type, state (exact, rounded, lost, damaged, rows_misplaced, swapped or not_compared), bit_exact, "
        + "relative_rmse, bound, remark}].";

    public static Command Create()
    {
        var source = new Argument<string>("SOURCE")
        {
            Description = "The original: a folder from Hugging Face, a .safetensors file in one, or a .gguf file.",
        };
        var file = new Argument<string>("FILE") { Description = "What was made from it." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object: " + Fields };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor." };
        var command = new Command(
            "verify", "Accounts for every parameter of a source in a file made from it; exit code 0 only if nothing is lost, else 1.")
        {
            source, file, json, tensors, SettingOptions.Threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            using var checkpoint = OuroCheckpoint.Open(parsed.GetRequiredValue(source));
            var path = parsed.GetRequiredValue(file);
            var report = ProgressBar.Show("verify", progress => ModelVerification.Run(checkpoint, path, parsed.GetValue(SettingOptions.Threads), progress, cancel: cancel));
            if (parsed.GetValue(json))
                JsonText.Print(Json(report));
            else
                Print(report, parsed.GetValue(tensors));
            return report.NothingLost ? 0 : 1;
        }, cancel));
        return command;
    }

    public static void Print(VerificationReport report, bool withTensors)
    {
        foreach (var group in report.Tensors.GroupBy(check => (check.Type, check.State)).OrderBy(group => group.Key.State))
        {
            var error = group.Max(check => check.RelativeError) is { } most and > 0
                ? string.Create(CultureInfo.InvariantCulture, $", relative error up to {most:G3} (bound {group.Max(check => check.Bound):G3})")
                : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Word(group.Key.State),-16}{group.Key.Type?.ToString() ?? "-",-6}{group.Count(),5:N0} tensors {group.Sum(check => check.Elements),16:N0} numbers{error}"));
        }

        if (withTensors)
        {
            foreach (var check in report.Tensors)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {Word(check.State),-15} {check.Type?.ToString() ?? "-",-5} "
                    + $"{check.RelativeError,8:G3}  {Front.Plain(check.Name)}"));
        }

        foreach (var loss in report.Losses)
            Console.WriteLine($"! {Front.Plain(loss.Sentence)}");
        foreach (var remark in report.Remarks)
            Console.WriteLine($"  {Front.Plain(remark)}");
        var trusted = report.Tensors.Where(check => check.State == TensorState.NotCompared).Sum(check => check.Elements);
        Console.WriteLine(report.NothingLost && trusted > 0
            ? string.Create(CultureInfo.InvariantCulture, $"nothing is lost as far as was compared: {report.Parameters - trusted:N0} parameters accounted for, {trusted:N0} taken as they are")
            : report.NothingLost
            ? string.Create(CultureInfo.InvariantCulture, $"nothing is lost: {report.Parameters:N0} parameters accounted for")
            : string.Create(CultureInfo.InvariantCulture, $"{report.SoundParameters:N0} of {report.Parameters:N0} parameters are sound; the "
                + $"file is not the whole model"));
    }

    public static JsonObject Json(VerificationReport report) => new()
    {
        ["source"] = report.Source,
        ["file"] = report.File,
        ["nothing_lost"] = report.NothingLost,
        ["parameters"] = report.Parameters,
        ["sound_parameters"] = report.SoundParameters,
        ["losses"] = JsonText.Objects(report.Losses.Select(loss => new JsonObject { ["code"] = loss.Code, ["sentence"] = loss.Sentence })),
        ["remarks"] = JsonText.Strings(report.Remarks),
        ["tensors"] = JsonText.Objects(report.Tensors.Select(check => new JsonObject
        {
            ["name"] = check.Name,
            ["role"] = check.Part is { } part ? Snake(part.Role.ToString()) : null,
            ["layer"] = check.Part is { Layer: >= 0 and var layer } ? layer : null,
            ["parameters"] = check.Elements,
            ["source_type"] = check.SourceType.ToString(),
            ["type"] = check.Type?.ToString(),
            ["state"] = Snake(check.State.ToString()),
            ["bit_exact"] = check.State == TensorState.Exact,
            ["relative_rmse"] = check.RelativeError is { } error && double.IsFinite(error) ? error : null,
            ["bound"] = check.Bound,
            ["remark"] = check.Remark,
        })),
    };

    static string Word(TensorState state) => Snake(state.ToString()).Replace('_', ' ');

    static string Snake(string name)
        => string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
