using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.Sealing;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>
/// One long story, and afterwards nothing that came out of the server, by whichever way, holds a secret that went in.
/// </summary>
public class CanaryTests
{
    private const string EnvKey = "sk-ant-api03-FAKE-canary-environment-key-0001";
    private const string ConfiguredKey = "sk-ant-api03-FAKE-canary-configured-key-00001";
    private const string HeaderSecret = "FAKE-canary-header-secret-0000000001";
    private const string Echo = "Refused: {0} (" + HeaderSecret + ")";
    private const string Prompt = "FAKE-canary-prompt-000000001";

    /// <summary>Logs all that there is.</summary>
    internal static readonly LogSettings Everything = new(LogLevel.Trace, null)
    {
        Variables = new ConfigurationBuilder().AddInMemoryCollection(
            new[]
            {
                "Microsoft", "Grpc", "System", "Grpc.AspNetCore.Server.ServerCallHandler",
                "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Authentication",
            }.ToDictionary(each => $"LogLevel:{each}", string? (_) => "Trace")).Build(),
    };
    private static readonly string[] Keys = [KeyOne, KeyTwo, Token, EnvKey, ConfiguredKey];
    private static readonly string[] Secrets = [KeyOne, KeyTwo, Token, EnvKey, ConfiguredKey, HeaderSecret];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_answer_error_trailer_status_or_log_line_holds_a_secret(bool isSealed)
    {
        using var keys = new SealKeys();
        await using var fixture = await ServerFixture.PrepareAsync();
        fixture.Logging = Everything;
        await fixture.Files.ConfigureAsync(
            fixture.Sandbox.BaseUrl, $$"""env: { ANTHROPIC_API_KEY: "{{EnvKey}}" }, {{(isSealed ? keys.Section : "")}}""",
            $$"""apiKey: "{{ConfiguredKey}}", headers: { "x-proxy-auth": "{{HeaderSecret}}" }""");
        await fixture.StartServerAsync();
        var heard = new Ear();
        var (auth, models) = (new AuthService.AuthServiceClient(
            fixture.Channel.Intercept(heard)), new ModelService.ModelServiceClient(fixture.Channel.Intercept(heard)));
        using var watcher = fixture.Watch();
        await heard.TryAsync(async () => await models.CompleteAsync(Ask()));
        await OnboardAsync(auth, heard);
        await ProvokeEchoesAsync(fixture, auth, models, heard);
        var answer = (await fixture.StreamAsync(Prompts.Input(Prompt))).Text;
        Assert.True(answer.Length > 10, answer);
        await heard.TryAsync(async () => await auth.GetProfileOrderAsync(new GetProfileOrderRequest { Provider = "anthropic" }));
        await heard.TryAsync(async () => await auth.ListAgentsAsync(new ListAgentsRequest()));
        await heard.TryAsync(async () => await models.ListModelsAsync(new ListModelsRequest()));
        heard.Hear(await watcher.UntilAsync(status => status.Auth.Profiles.Count == 3));
        Assert.Equal(isSealed ? 0 : 1, fixture.Files.Holding(KeyOne, KeyTwo, Token).Count);
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, $"{{ apiKey: \"{ConfiguredKey}\" \"{HeaderSecret}\" ");
        await heard.TryAsync(
            async () => await auth.OnboardAsync(new OnboardRequest { ApiKey = new ApiKeyCredential { Key = KeyOne } }));
        await fixture.Files.WriteProfilesAsync($"{{ \"profiles\": {{ \"{KeyOne}\" \"{KeyTwo}\"");
        await heard.TryAsync(async () => await auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { One } }));
        string[] never = [.. Secrets, .. await CallAsClientsAsync(fixture, heard), .. KeysOf(fixture), Prompt, answer];
        await fixture.StopServerAsync();
        await HoldsNoneAsync(fixture, heard, never);
    }

    private static async Task OnboardAsync(AuthService.AuthServiceClient auth, Ear heard)
    {
        foreach (var onboard in new OnboardRequest[]
        {
            new() { ProfileId = One, ApiKey = new ApiKeyCredential { Key = KeyOne } },
            new() { ProfileId = Two, ApiKey = new ApiKeyCredential { Key = KeyTwo } },
            new() { ProfileId = "anthropic:sub", SetupToken = new SetupTokenCredential { Token = Token } },
            new() { ApiKey = new ApiKeyCredential { Key = KeyOne + "\n" + KeyTwo } },
            new() { ApiKey = new ApiKeyCredential { Key = Token } },
            new() { SetupToken = new SetupTokenCredential { Token = KeyOne } },
        })
        {
            await heard.TryAsync(async () => await auth.OnboardAsync(onboard));
        }
    }

    // Upstream may repeat what it was given, in its words, its headers and its events.
    private static async Task ProvokeEchoesAsync(
        ServerFixture fixture, AuthService.AuthServiceClient auth, ModelService.ModelServiceClient models, Ear heard)
    {
        foreach (var fault in Echoes())
        {
            foreach (var key in Keys)
            {
                fixture.Sandbox.Script(
                    (fault with { Status = Saying(fault.Status, key), Error = Saying(fault.Error, key) }).ForKey(key).Forever());
            }
            await heard.TryAsync(async () => await models.CompleteAsync(Ask()));
            await heard.TryAsync(async () => heard.Hear(await fixture.StreamAsync()));
            fixture.Sandbox.ClearScript();
            await heard.TryAsync(async () => await models.GetStatusAsync(new GetStatusRequest()));
            foreach (var profile in new[] { One, Two, "anthropic:sub" })
                await heard.TryAsync(async () => await auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = profile }));
        }
    }

    private static async Task HoldsNoneAsync(ServerFixture fixture, Ear heard, string[] never)
    {
        var audit = await File.ReadAllTextAsync(fixture.Files["audit.jsonl"]);
        Assert.Contains("hmac-sha256:", audit, StringComparison.Ordinal);
        Assert.Contains(fixture.Log.All, line => line.StartsWith("Trace Microsoft", StringComparison.Ordinal));
        foreach (var secret in never)
        {
            Assert.DoesNotContain(secret, audit, StringComparison.Ordinal);
            var leaks = fixture.Log.All.Where(line => line.Contains(secret, StringComparison.Ordinal));
            Assert.True(!leaks.Any(), $"{secret} is in the log: {string.Join('\n', leaks)}");
        }

        Assert.Contains("x-proxy-auth", heard.All, StringComparison.Ordinal);
        Assert.Contains("sk-ant-a...00000001", heard.All, StringComparison.Ordinal);
        foreach (var secret in Secrets)
        {
            Assert.DoesNotContain(secret, heard.All, StringComparison.Ordinal);
            Assert.DoesNotContain(fixture.Log.All, line => line.Contains(secret, StringComparison.Ordinal));
        }
    }

    // The token of a client is told by the call that made it, and by nothing else.
    private static async Task<string[]> CallAsClientsAsync(ServerFixture fixture, Ear heard)
    {
        var token = await fixture.AddClientAsync("ci", [Scope.Complete]);
        var access = new AccessService.AccessServiceClient(fixture.Channel.Intercept(heard));
        foreach (var shown in new[] { token.Text, token.Text[..^1], KeyOne })
        {
            var headers = new Metadata { { "authorization", $"Bearer {shown}" } };
            await heard.TryAsync(async () => await access.WhoAmIAsync(new WhoAmIRequest(), headers));
            await heard.TryAsync(async () => await access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = shown }, headers));
            await heard.TryAsync(async () => await access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = shown }));
        }

        return [token.Text, token.Text[18..61]];
    }

    private static string[] KeysOf(ServerFixture fixture)
    {
        var key = Convert.FromBase64String(File.ReadAllText(fixture.Files["clawgrpc.key"]).Trim());
        var audit = fixture.Part<ServerKey>().For("audit");
        return
        [
            Convert.ToBase64String(key), Convert.ToHexStringLower(key),
            Convert.ToBase64String(audit), Convert.ToHexStringLower(audit),
        ];
    }

    private static CompleteRequest Ask() => new() { Input = Prompts.Input(Prompt) };

    private static StatusFault? Saying(StatusFault? fault, string key) =>
        fault is null ? null : fault with
        {
            Message = fault.Message?.Replace(
            "{0}", key, StringComparison.Ordinal),
            Text = fault.Text?.Replace("{0}", key, StringComparison.Ordinal)
        };

    private static StreamError? Saying(StreamError? error, string key) =>
        error is null ? null : error with { Message = error.Message.Replace("{0}", key, StringComparison.Ordinal) };

    private static IEnumerable<Fault> Echoes()
    {
        foreach (var status in new[] { 400, 401, 402, 403, 404, 429, 500, 529 })
        {
            yield return new Fault
            {
                Status = new()
                {
                    Code = status,
                    Message = Echo,
                    Headers = new Dictionary<string, string> { ["x-should-retry"] = "false" },
                },
            };
        }

        yield return new Fault { Status = new() { Code = 502, Text = $"<html>{Echo}</html>" } };
        yield return new Fault { Error = new(1, "api_error", Echo) };
        yield return new Fault { Error = new(6, "api_error", Echo) };
    }
}
