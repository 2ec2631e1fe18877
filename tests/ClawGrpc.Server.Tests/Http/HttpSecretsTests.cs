using System.Net.Sockets;
using System.Text;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>What must not come out: upstream, in answers, in the log, in the audit. And what must not come in.</summary>
public class HttpSecretsTests
{
    private const string Foreign = "sk-ant-oat01-FAKE-foreign-canary-00000001";
    private const string ForeignKey = "sk-ant-api03-FAKE-foreign-canary-00000002";
    private const string Jwt = "eyJhbGciOiJSUzI1NiJ9.FAKEcanaryJWT.FAKEsignature";
    private const string Prompt = "FAKE-canary-prompt-over-http";

    [Fact]
    public async Task No_token_key_prompt_or_identity_comes_out()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        fixture.Logging = new LogSettings(LogLevel.Trace, null)
        {
            Variables = new ConfigurationBuilder().AddInMemoryCollection(
                new[] { "Microsoft", "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Authentication", "System" }
                    .ToDictionary(each => $"LogLevel:{each}", string? (_) => "Trace")).Build(),
        };
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        await fixture.StartServerAsync();
        await fixture.OnboardAsync(One, KeyOne);
        var token = await fixture.AddClientAsync("ci", [Scope.Complete, Scope.Status]);
        var heard = new StringBuilder();
        await AskEachWayAsync(fixture, token.Text, heard);
        using var http = fixture.NewHttp();
        foreach (var path in new[] { "/v1/oauth/token", "/anthropic/v1/oauth/token" })
        {
            using var content = new StringContent($$"""{"grant_type":"jwt-bearer","assertion":"{{Jwt}}"}""");
            using var response = await http.PostAsync(path, content);
            Assert.Equal(404, (int)response.StatusCode);
            heard.Append(await response.Content.ReadAsStringAsync());
        }

        Assert.Contains("unset ANTHROPIC_FEDERATION_RULE_ID", $"{heard}", StringComparison.OrdinalIgnoreCase);
        var upstream = string.Join('\n', fixture.Sandbox.Requests.Select(
            request => $"{string.Join(',', request.Headers)} {Encoding.UTF8.GetString(request.Body.Span)}"));
        await fixture.StopServerAsync();
        var audit = await File.ReadAllTextAsync(fixture.Files["audit.jsonl"]);
        var log = string.Join('\n', fixture.Log.All);
        Assert.Contains("Trace Microsoft", log, StringComparison.Ordinal);
        foreach (var secret in new[] { token.Text, token.Text[..^1], Foreign, ForeignKey, Jwt, "FAKEcanaryJWT" })
        {
            Assert.DoesNotContain(secret, upstream, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, $"{heard}", StringComparison.Ordinal);
            Assert.DoesNotContain(secret, audit, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(KeyOne, $"{heard}", StringComparison.Ordinal);
        foreach (var secret in new[] { KeyOne, Prompt })
        {
            Assert.DoesNotContain(secret, audit, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
        }
    }

    // With and without faults, in both forms, by each proof and each that is none.
    private static async Task AskEachWayAsync(ServerFixture fixture, string token, StringBuilder heard)
    {
        foreach (var fault in new[]
        {
            null, Faults.Status(400, $"Refused: {KeyOne}"), Faults.Status(401, $"Refused: {KeyOne}"), Faults.Status(500, KeyOne),
            new Fault { Error = new(6, "overloaded_error", $"It said {KeyOne}") },
        })
        {
            foreach (var body in new[] { MessagesOverHttp.Body, MessagesOverHttp.StreamBody })
            {
                foreach (var headers in new (string, string)[][]
                {
                    [("authorization", $"Bearer {token}"), ("x-api-key", ForeignKey)],
                    [("authorization", $"Bearer {Foreign}"), ("x-api-key", token)],
                    [("authorization", $"Bearer {Foreign}")], [("x-api-key", token[..^1])],
                })
                {
                    fixture.Sandbox.ClearScript();
                    if (fault is not null)
                        fixture.Sandbox.Script(fault.Forever());
                    var asked = body.Replace("Hello", Prompt, StringComparison.Ordinal);
                    var answer = await fixture.PatientlyAsync(fixture.PostAsync(asked, headers));
                    if (fault is not null)
                        heard.Append(answer.Body);
                    heard.AppendJoin(',', answer.Headers);
                    await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = One });
                }
            }
        }
    }

    [Theory]
    [InlineData("authorization: Bearer TOKEN\r\nauthorization: Bearer TOKEN", 200)]
    [InlineData("authorization: Bearer TOKEN\r\nauthorization: Bearer sk-ant-oat01-mine", 200)]
    [InlineData("authorization: Bearer TOKEN, Bearer OTHER", 401)]
    [InlineData("authorization: Bearer OTHER\r\nauthorization: Bearer TOKEN", 401)]
    [InlineData("authorization: Bearer TOKEN\r\nconnection: close, authorization", 200)]
    [InlineData("authorization: Bearer TOKEN\r\nx-clawgrpc-agent: main\r\nx-clawgrpc-agent: other", 403)]
    [InlineData("authorization: Bearer TOKEN\r\nX-ClawGrpc-Agent: other", 403)]
    [InlineData("authorization: Bearer TOKEN\r\nproxy-authorization: Bearer mine\r\nx-litellm-api-key: mine\r\nvia: mine", 200)]
    [InlineData("authorization: Bearer TOKEN\r\nx-clawgrpc-session: a\r\nx-clawgrpc-session: b\u0001", 400)]
    public async Task Smuggled_headers_are_refused_or_dropped(string headers, int status)
    {
        await using var fixture = await ServerFixture.StartAsync("agents: { list: [{ id: 'main' }, { id: 'other' }] }");
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete], client => client.Agents.Add("main"));
        var other = await fixture.AddClientAsync("two", [Scope.Complete]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(fixture.Files["http.sock"]));
        var given = headers.Replace("TOKEN", token.Text, StringComparison.Ordinal)
            .Replace("OTHER", other.Text, StringComparison.Ordinal);
        if (!given.Contains("connection:", StringComparison.Ordinal))
            given += "\r\nconnection: close";
        await socket.SendAsync(Encoding.UTF8.GetBytes(
            $"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nanthropic-version: 2023-06-01\r\n{given}\r\n"
            + $"content-length: {MessagesOverHttp.Body.Length}\r\n\r\n{MessagesOverHttp.Body}"));
        var answer = new StringBuilder();
        var bytes = new byte[4096];
        while (await socket.ReceiveAsync(bytes) is > 0 and var count)
            answer.Append(Encoding.UTF8.GetString(bytes, 0, count));
        Assert.StartsWith($"HTTP/1.1 {status} ", $"{answer}", StringComparison.Ordinal);
        Assert.Equal(status == 200 ? 1 : 0, fixture.Sandbox.Requests.Count);
        Assert.All(fixture.Sandbox.Requests, request => Assert.DoesNotContain(
            "mine", string.Join(',', request.Headers), StringComparison.Ordinal));
        string[] never = ["via", "x-clawgrpc-agent", "x-litellm-api-key", "proxy-authorization"];
        Assert.All(fixture.Sandbox.Requests, request => Assert.DoesNotContain(
            request.Headers, header => never.Contains(header.Key.ToLowerInvariant())));
    }
}
