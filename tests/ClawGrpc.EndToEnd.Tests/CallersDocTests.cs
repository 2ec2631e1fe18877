using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The recipes of docs/callers.md, run as they stand by a shell that knows the programs.</summary>
public partial class CallersDocTests
{
    [NeedsFact("npm", "buf comes from there")]
    public async Task Certificates_recipe_runs_as_written()
    {
        var (said, log) = await RunAsync("Service to service with certificates (mTLS, SPIFFE)");
        Assert.Contains("\"proof\": \"certificate\"", said, StringComparison.Ordinal);
        Assert.Contains("\"stopReason\": \"end_turn\"", said, StringComparison.Ordinal);
        Assert.Contains("no client is bound to uri:spiffe://prod.example/ns/other/sa/x", log, StringComparison.Ordinal);
    }

    [NeedsFact("npm", "buf comes from there")]
    public async Task Service_accounts_recipe_runs_as_written()
    {
        var (said, log) = await RunAsync("Kubernetes service accounts");
        Assert.Single(Proofs().Matches(said));
        Assert.Contains("no client is bound to the subject system:serviceaccount:other:nightly", log, StringComparison.Ordinal);
        Assert.Contains("it is not for the audience (aud) clawgrpc", log, StringComparison.Ordinal);
    }

    // Runs the blocks of a section in an empty folder; what the shell and its programs said.
    private static async Task<(string Out, string Error)> RunAsync(string heading)
    {
        var page = await File.ReadAllTextAsync(Path.Join(Repository.Root, "docs/callers.md"));
        var section = page.Split("\n## ").Single(part => part.StartsWith($"{heading}\n", StringComparison.Ordinal));
        var script = string.Concat(Blocks().Matches(section).Select(block => block.Groups[1].Value));
        var folder = Directory.CreateTempSubdirectory("claw-");
        try
        {
            var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", $"trap 'kill $(jobs -p)' EXIT\n{script}"])
            {
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["PATH"] = $"{Programs(folder)}:{start.Environment["PATH"]}";
            start.Environment["PORT"] = $"{FreePort()}";
            start.Environment["SANDBOX_PORT"] = $"{FreePort()}";
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var said = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"{said}{await error}");
            return (said, await error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Programs(DirectoryInfo folder)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var programs = folder.CreateSubdirectory("bin").FullName;
        foreach (var (project, name) in new[] { ("ClawGrpc.Server", "clawgrpc"), ("ClawGrpc.Sandbox", "sandbox") })
        {
            File.CreateSymbolicLink(
                Path.Join(programs, name), Path.Join(own.Parent!.Parent!.FullName, project, own.Name, name));
        }

        File.WriteAllText(Path.Join(programs, "buf"), $"#!/bin/sh\nexec '{Repository.Root}/eng/buf' \"$@\"\n");
        File.SetUnixFileMode(
            Path.Join(programs, "buf"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return programs;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [GeneratedRegex("```bash\n([\\s\\S]*?)```")]
    private static partial Regex Blocks();

    [GeneratedRegex("\"proof\": \"jwt\"")]
    private static partial Regex Proofs();
}
