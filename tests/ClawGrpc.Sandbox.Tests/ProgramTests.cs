using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ClawGrpc.Testing.Tests;

public class ProgramTests
{
    private const int SigTerm = 15;

    [Fact]
    public async Task Sandbox_prints_only_its_ready_line_until_it_is_stopped()
    {
        var script = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(script, """{"faults":[{"status":{"code":503}}]}""");
        using var sandbox = Start("--listen", "http://127.0.0.1:0", "--script", script, "--token-delay-ms", "0", "--quiet");
        try
        {
            var ready = await sandbox.StandardOutput.ReadLineAsync();
            Assert.StartsWith("sandbox listening on http://127.0.0.1:", ready, StringComparison.Ordinal);
            using var http = new HttpClient { BaseAddress = new(ready!["sandbox listening on ".Length..]) };
            foreach (var status in new[] { 503, 401 })
            {
                using var response = await http.PostAsync("/v1/messages", new StringContent("{}"));
                Assert.Equal(status, (int)response.StatusCode);
            }

            Assert.Equal(0, Kill(sandbox.Id, SigTerm));
            await sandbox.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal((0, "", ""),
                (sandbox.ExitCode, await sandbox.StandardOutput.ReadToEndAsync(), await sandbox.StandardError.ReadToEndAsync()));
        }
        finally
        {
            Stop(sandbox);
            File.Delete(script);
        }
    }

    [Theory]
    [InlineData(2, "Unknown argument: --nonsense", "--nonsense")]
    [InlineData(2, "--listen needs a value.", "--listen")]
    [InlineData(2, "Could not find file", "--script", "does-not-exist.json")]
    [InlineData(1, "Not an http:// address", "--listen", "https://127.0.0.1:0")]
    public async Task A_wrong_argument_is_named(int exitCode, string error, params string[] arguments)
    {
        using var sandbox = Start(arguments);
        try
        {
            var said = await sandbox.StandardError.ReadToEndAsync();
            await sandbox.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(exitCode, sandbox.ExitCode);
            Assert.Contains(error, said, StringComparison.Ordinal);
        }
        finally
        {
            Stop(sandbox);
        }
    }

    [Fact]
    public async Task A_port_in_use_is_an_error()
    {
        await using var first = await Sandbox.StartAsync();
        using var second = Start("--listen", first.BaseUrl);
        try
        {
            Assert.Contains("address already in use", await second.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
            await second.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(1, second.ExitCode);
        }
        finally
        {
            Stop(second);
        }
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!)
        { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(Sandbox).Assembly.Location);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static void Stop(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
