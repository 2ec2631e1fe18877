using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Needs npm, from which buf comes. Without it the test is skipped, except in CI.</summary>
public sealed class NeedsNpmFactAttribute : FactAttribute
{
    public NeedsNpmFactAttribute()
    {
        var hasNpm = Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Join(folder, "npm")));
        if (!hasNpm && Environment.GetEnvironmentVariable("CI") != "true")
            Skip = "npm is not installed (buf comes from there)";
    }
}

/// <summary>A client that knows nothing of this project but what the server's reflection says: <c>buf curl</c>.</summary>
public class IndependentClientTests
{
    [NeedsNpmFact]
    public async Task Buf_curl_reads_status_completes_and_asks_for_health()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var key = new Dictionary<string, string> { ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyOne };
        var server = await fixture.ServeAsync(key, "--listen", $"unix:{fixture.Socket}", "--listen", "http://127.0.0.1:0");
        var url = server.Out.Split([' ', ',', '\n']).Single(word => word.StartsWith("http://127.0.0.1:", StringComparison.Ordinal));

        var services = await CurlAsync("--http2-prior-knowledge", "--list-services", url);
        Assert.Contains("clawgrpc.v1.AuthService", services, StringComparison.Ordinal);
        Assert.Contains("clawgrpc.v1.ModelService", services, StringComparison.Ordinal);
        Assert.Contains("SERVING", await CallAsync("grpc.health.v1.Health/Check", "{}"), StringComparison.Ordinal);
        using var status = JsonDocument.Parse(await CallAsync("clawgrpc.v1.ModelService/GetStatus", "{}"));
        var providers = status.RootElement.GetProperty("status").GetProperty("auth").GetProperty("providers");
        Assert.Equal("env", providers[0].GetProperty("effectiveKind").GetString());

        var prompt = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"messages":[{"role":"user","content":"Hello."}]}"""));
        var events = await CallAsync("clawgrpc.v1.ModelService/StreamComplete", $$$"""{"input":{"messagesJson":"{{{prompt}}}"}}""");
        Assert.Contains("Hello", events, StringComparison.Ordinal);
        Assert.Contains("end_turn", events, StringComparison.Ordinal);

        var overSocket = await CurlAsync(
            "--unix-socket", fixture.Socket, "--http2-prior-knowledge", "-d", "{}", "http://localhost/grpc.health.v1.Health/Check");
        Assert.Contains("SERVING", overSocket, StringComparison.Ordinal);

        Task<string> CallAsync(string method, string json) => CurlAsync("--http2-prior-knowledge", "-d", json, $"{url}/{method}");
    }

    private static async Task<string> CurlAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Join(Repository.Root, "eng/buf"), ["curl", "--protocol", "grpc", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return said;
    }
}
