using System.Diagnostics;
using System.Globalization;
using Ouro.Laws;

namespace Ouro.Clients;

/// <summary>The packages as somebody else gets them: made, put into a feed, and used from a folder that knows nothing of this repository.</summary>
public sealed class PackageLaws : IDisposable
{
    const string Name = "I am ouro-nano, a small looped model.";

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    // A version of its own each time: what earlier tests left in this machine's caches must not be taken.
    readonly string _version = string.Create(CultureInfo.InvariantCulture, $"0.1.0-law.{TimeProvider.System.GetUtcNow():yyyyMMddHHmmssfff}");
    readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("ouro-packages-");

    /// <summary>Packages of others that this machine has already.</summary>
    static string Known => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
        ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    string Feed => Path.Combine(_place.FullName, "feed");

    public void Dispose() => _place.Delete(recursive: true);

    [Fact]
    public async Task The_library_and_the_program_can_be_installed_from_a_feed_and_used()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        await Dotnet(Repository.Root, "pack", "Ouro.slnx", "-c", configuration, "--no-build", $"-p:PackageVersion={_version}", "-o", Feed);

        (await ProgramOfTheReadme()).Trim().ShouldBe("12458");
        (await Tool()).Trim().ShouldBe(Name);
    }

    /// <summary>The README's example, in a project of three files.</summary>
    async Task<string> ProgramOfTheReadme()
    {
        var app = _place.CreateSubdirectory("app").FullName;
        File.WriteAllText(Path.Combine(app, "app.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestorePackagesPath>{Path.Combine(_place.FullName, "packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{Known}</RestoreFallbackFolders>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Ouro.Chat" Version="{_version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(app, "Program.cs"), $"using Microsoft.Extensions.AI;\nusing Ouro.Chat;\n{ReadmeExample()}");
        await Dotnet(app, "restore", $"-p:RestoreAdditionalProjectSources={Feed}");
        await Dotnet(app, "build", "--no-restore", "-c", "Release", "-o", "out");
        return await Run(Repository.Root, "dotnet", Path.Combine(app, "out", "app.dll"));
    }

    async Task<string> Tool()
    {
        var place = Path.Combine(_place.FullName, "tool");
        await Dotnet(_place.FullName, "tool", "install", "ouro", "--tool-path", place, "--version", _version, "--add-source", Feed);
        return await Run(_place.FullName, Path.Combine(place, OperatingSystem.IsWindows() ? "ouro.exe" : "ouro"), "run", "nano", "Who are you?", "--temperature", "0");
    }

    static string ReadmeExample()
    {
        var lines = File.ReadAllLines(Repository.Path("README.md")).SkipWhile(line => line != "```csharp").Skip(1).TakeWhile(line => line != "```");
        return string.Join('\n', lines);
    }

    static Task<string> Dotnet(string folder, params string[] arguments) => Run(folder, "dotnet", arguments);

    static async Task<string> Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";   // a node that stays would hold this test's pipes open
        using var process = Process.Start(start).ShouldNotBeNull();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        var said = await output;
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{said}{await errors}");
        return said;
    }
}
