using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A client that knows nothing of this project but what the server's reflection says: <c>buf curl</c>.</summary>
public class IndependentClientTests
{
    private static readonly string[] Services =
    [
        "clawgrpc.v1.AccessService", "clawgrpc.v1.AuthService", "clawgrpc.v1.ModelService", "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    ];

    [NeedsFact("npm", "buf comes from there")]
    public async Task Buf_curl_reads_status_completes_and_asks_for_health()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var key = new Dictionary<string, string> { ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyOne };
        var server = await fixture.ServeAsync(key, "--listen", $"unix:{fixture.Socket}", "--listen", "http://127.0.0.1:0");
        var url = server.Out.Split([' ', ',', '\n'])
            .Single(word => word.StartsWith("http://127.0.0.1:", StringComparison.Ordinal));
        var token = (await File.ReadAllTextAsync(Path.Join(fixture.State, "admin-token"))).Trim();

        var services = await CurlAsync([.. Shown(token), "--list-services", url]);
        Assert.Equal(Services, services.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal("SERVING", HealthIn(await CallAsync("grpc.health.v1.Health/Check", "{}")));
        using var status = JsonDocument.Parse(await CallAsync("clawgrpc.v1.ModelService/GetStatus", "{}"));
        Assert.Equal("main", status.RootElement.GetProperty("status").GetProperty("agentId").GetString());
        var providers = status.RootElement.GetProperty("status").GetProperty("auth").GetProperty("providers");
        Assert.Equal("env", providers[0].GetProperty("effectiveKind").GetString());

        var prompt = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"messages":[{"role":"user","content":"Hello."}]}"""));
        var events = await CallAsync(
            "clawgrpc.v1.ModelService/StreamComplete", $$$"""{"input":{"messagesJson":"{{{prompt}}}"}}""");
        AssertGreets(events);

        var overSocket = await CurlAsync(
            "--unix-socket", fixture.Socket, "--http2-prior-knowledge", "-d", "{}",
                "http://localhost/grpc.health.v1.Health/Check");
        Assert.Equal("SERVING", HealthIn(overSocket));

        Task<string> CallAsync(string method, string json) => CurlAsync([.. Shown(token), "-d", json, $"{url}/{method}"]);
    }

    private static string[] Shown(string token) =>
        ["--http2-prior-knowledge", "-H", $"authorization: Bearer {token}", "--reflect-header", "*"];

    private static string? HealthIn(string json)
    {
        using var answer = JsonDocument.Parse(json);
        return answer.RootElement.GetProperty("status").GetString();
    }

    // buf prints one JSON document after the other.
    private static void AssertGreets(string printed)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(printed), new JsonReaderOptions { AllowMultipleValues = true });
        var events = new List<JsonElement>();
        while (reader.Read())
            events.Add(JsonElement.ParseValue(ref reader));
        Assert.StartsWith(
            "msg_", events[0].GetProperty("started").GetProperty("messageId").GetString(), StringComparison.Ordinal);
        var text = string.Concat(events.Select(each =>
            each.TryGetProperty("blockDelta", out var delta) && delta.TryGetProperty("text", out var piece)
                ? piece.GetString()
                : ""));
        Assert.Contains("Hello", text, StringComparison.Ordinal);
        Assert.Equal("end_turn", events[^1].GetProperty("finished").GetProperty("receipt").GetProperty("stopReason").GetString());
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
