using System.Diagnostics;
using Ouro.Laws.Formats;

namespace Ouro.Laws.Cli;

/// <summary>Ctrl-C: what runs ends, nothing half-made stays, and the exit code says so.</summary>
public sealed class InterruptLaws
{
    const int Interrupted = 130;

    // About a hundred million numbers to make and quantise: seconds of work on any machine, so an interrupt always comes in the middle.
    const string Large = "6x1024x16x4096x4000";

    public InterruptLaws()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("there is no way to send Ctrl-C to one process here");
    }

    [Fact]
    public async Task An_interrupt_ends_a_reply_and_keeps_what_was_shown()
    {
        using var process = OuroProgram.Start("run", OuroProgram.Golden("one-layer-32-loops"), "hello", "--raw", "--num-ctx", "4096", "--seed", "7");
        process.StandardInput.Close();
        var first = new char[1];
        (await process.StandardOutput.ReadAsync(first)).ShouldBe(1);

        OuroProgram.Interrupt(process);
        var answer = OuroProgram.Finish(process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());

        answer.Code.ShouldBe(Interrupted, answer.Errors);
        answer.ErrorLines.ShouldHaveSingleItem().ShouldBe("[interrupted]");
    }

    [Theory]
    [InlineData("run")]
    [InlineData("tokenize")]
    public async Task An_interrupt_ends_the_wait_for_standard_input(string command)
    {
        using var process = OuroProgram.Start(command, OuroProgram.Golden("tiny-bf16"));
        var errors = process.StandardError.ReadToEndAsync();
        // A process that does not listen yet would end by the signal itself, with the same code for a shell; either way it must end.
        await Task.Delay(TimeSpan.FromSeconds(1));

        OuroProgram.Interrupt(process);

        OuroProgram.Finish(process, process.StandardOutput.ReadToEndAsync(), errors).Code.ShouldBe(Interrupted);
    }

    [Fact]
    public async Task An_interrupt_leaves_no_file_of_a_conversion()
    {
        using var folder = new TemporaryFolder();
        var source = folder.File("source.gguf");
        OuroProgram.Run("synth", "--shape", Large, "-o", source).ShouldSucceed();

        foreach (var command in new string[][]
        {
            ["quantize", source, "-t", "q3_k_l", "-o", folder.File("small.gguf")],
            ["synth", "--shape", Large, "-t", "q3_k_l", "-o", folder.File("made.gguf")],
            ["convert", source, "-t", "f32", "--to", "safetensors", "-o", folder.File("folder")],
        })
        {
            using var process = OuroProgram.Start(command);
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await Begun(process, folder.Path);

            OuroProgram.Interrupt(process);
            var answer = OuroProgram.Finish(process, output, errors);

            answer.Code.ShouldBe(Interrupted, answer.Errors);
            answer.Output.ShouldBeEmpty();
            Directory.EnumerateFileSystemEntries(folder.Path).ShouldHaveSingleItem().ShouldBe(source);
        }
    }

    [Fact]
    public async Task What_a_killed_run_leaves_does_not_hinder_the_next()
    {
        using var folder = new TemporaryFolder();
        var place = folder.File("made.gguf");
        using var process = OuroProgram.Start("synth", "--shape", Large, "-t", "q3_k_l", "-o", place);
        await Begun(process, folder.Path);
        process.Kill();
        await process.WaitForExitAsync();
        File.Exists(place).ShouldBeFalse();

        OuroProgram.Run("synth", "--shape", "1x64x4x64x64", "-o", place).ShouldSucceed();

        OuroProgram.Run("inspect", place).ShouldSucceed();
        folder.Files.ShouldBe(["made.gguf"]);
    }

    [Fact]
    public async Task A_reader_who_has_read_enough_ends_the_program()
    {
        using var process = OuroProgram.Start("tokenize", OuroProgram.Golden("tiny-bf16"), "--json-lines");
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync("\"a\"\n");
        await process.StandardInput.FlushAsync();
        (await process.StandardOutput.ReadLineAsync()).ShouldNotBeNull().ShouldStartWith("[");

        process.StandardOutput.Close();
        await process.StandardInput.WriteAsync("\"a\"\n");
        await process.StandardInput.FlushAsync();

        OuroProgram.Finish(process, Task.FromResult(""), errors).ShouldSucceed().Errors.ShouldBeEmpty();
    }

    /// <summary>Waits until the unfinished output is there: from then on the work is under way.</summary>
    static async Task Begun(Process process, string folder)
    {
        while (!Directory.EnumerateFileSystemEntries(folder, "*.partial").Any())
        {
            process.HasExited.ShouldBeFalse("it ended before it began to write");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }
}
