using System.Text;
using System.Text.Json;

namespace Ouro.Laws.Cli;

/// <summary><c>ouro serve</c>, <c>ps</c> and <c>stop</c> as a person runs them.</summary>
public sealed class ServeCommandLaws
{
    [Fact]
    public async Task A_server_starts_answers_and_ends_when_it_is_asked()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("there is no way to send Ctrl-C to one process here");

        using var process = OuroProgram.Start("serve", Repository.Path("models/ouro-nano.gguf"), "--host", "127.0.0.1:0", "--threads", "1");
        var errors = process.StandardError.ReadToEndAsync();
        var greeting = (await process.StandardOutput.ReadLineAsync()).ShouldNotBeNull();
        greeting.ShouldStartWith("Ouro listens at http://127.0.0.1:");
        var url = greeting.Split(' ')[^1];

        using var client = new HttpClient { BaseAddress = new Uri(url) };
        using var question = new StringContent("""{"model": "nano", "prompt": "Sort 21.", "stream": false}""", Encoding.UTF8, "application/json");
        using var reply = await client.PostAsync("/api/generate", question);
        reply.IsSuccessStatusCode.ShouldBeTrue();

        OuroProgram.Run("ps", "--host", url).ShouldSucceed().Output.ShouldContain("nano:latest");
        JsonElement.Parse(OuroProgram.Run("ps", "--host", url, "--json").ShouldSucceed().Output).GetProperty("models").GetArrayLength().ShouldBe(1);
        OuroProgram.Run("stop", "nosuch", "--host", url).ShouldRefuse("model 'nosuch' not found");
        OuroProgram.Run("stop", "nano", "--host", url).ShouldSucceed();
        OuroProgram.Run("ps", "--host", url).ShouldSucceed().Output.ShouldNotContain("nano");

        OuroProgram.Interrupt(process);
        var answer = OuroProgram.Finish(process, process.StandardOutput.ReadToEndAsync(), errors);
        answer.Code.ShouldBe(0, answer.Errors);
        answer.ErrorLines[0].ShouldBe("models: ouro-nano:latest, nano:latest");
        answer.Errors.ShouldContain("POST /api/generate 200");
        answer.ErrorLines[^1].ShouldStartWith("stopping");
    }

    [Fact]
    public void What_cannot_be_served_gets_one_sentence()
    {
        OuroProgram.Run("serve", "no-such.gguf").ShouldRefuse("no-such.gguf", "no such file");
        OuroProgram.Run("serve", "--host", "127.0.0.1:x").ShouldRefuse("127.0.0.1:x", "HOST:PORT");
        OuroProgram.Run("serve", "--host", "127.0.0.1:0", "--keep-alive", "soon").ShouldRefuse("soon", "5m");
        OuroProgram.Run("serve", "--host", "192.0.2.1:0").ShouldRefuse("192.0.2.1", "--host");
        OuroProgram.Run("ps", "--host", "127.0.0.1:1").ShouldRefuse("no server answers", "ouro serve");
    }

    [Fact]
    public void An_address_in_use_is_told()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        OuroProgram.Run("serve", "--host", listener.LocalEndpoint.ToString()!).ShouldRefuse("in use already", "--host 127.0.0.1:0");
    }
}
