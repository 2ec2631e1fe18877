using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Server.Tests.Sealing;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using static ClawGrpc.Server.Tests.Harness.Credentials;
using Scope = ClawGrpc.V1.Scope;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>
/// A secret of each kind, and every RPC: each is found in its own file (sealed: in none) and in requests to its own upstream, and
/// nowhere else.
/// </summary>
public sealed partial class SecretKindTests : IDisposable
{
    private const string Referenced = "sk-ant-api03-FAKE-referenced-key-00000000000001";
    private const string Model = "anthropic/claude-opus-4-6";
    private const string Passphrase = "FAKE-passphrase-of-the-operator-0001";
    private const string Pasted = "sk-ant-api03-FAKE-pasted-into-a-field-0000000001";
    private static readonly string PastedToken = TokenText.Of(new byte[8], new byte[32]).Whole.Reveal();
    private static readonly string SealKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly SealKeys _keys = new();

    public void Dispose() => _keys.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Secret_of_each_kind_is_in_its_file_and_request_alone(bool isSealed)
    {
        await using var server = await StartAsync(isSealed);
        var fixture = server.Fixture;
        await fixture.OnboardTokenAsync("anthropic:sub");
        if (isSealed)
            await fixture.Auth.SealSecretsAsync(new SealSecretsRequest());
        await server.BindAsync("build", "dns:build.example", Scope.Complete, Scope.Status, Scope.Onboard, Scope.Admin);
        var token = await fixture.AddClientAsync("ci", [Scope.Complete, Scope.Status, Scope.Onboard, Scope.Admin]);
        var rotated = await fixture.Access.RotateTokenAsync(new RotateTokenRequest { TokenId = token.Id });
        await UseEachProfileAsync(fixture);
        var secrets = Secrets(server, token, rotated.Secret);

        var ear = new Ear();
        var certificate = server.ClientAuthority.Issue(new CertificateShape { Dns = ["build.example"] });
        var channels = new (GrpcChannel Channel, Metadata Headers)[]
        {
            (fixture.Channel, []),
            (server.Connect(), new Metadata { { "authorization", $"Bearer {rotated.Secret}" } }),
            (server.Connect(certificate), []),
        };
        foreach (var (channel, headers) in channels)
        {
            foreach (var rpc in Rpcs.Guarded)
                await HearAsync(ear, channel, rpc, headers);
        }

        await fixture.StopServerAsync();
        var audit = await File.ReadAllTextAsync(fixture.Files["audit.jsonl"]);
        var log = string.Join('\n', fixture.Log.All);
        Assert.Contains("Trace Microsoft", log, StringComparison.Ordinal);
        foreach (var said in new[] { log, audit, ear.All })
            Assert.Empty(AnySecret().Matches(said).Select(found => said[Math.Max(0, found.Index - 40)..(found.Index + 9)]));
        foreach (var (secret, file) in secrets)
        {
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, audit, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, ear.All, StringComparison.Ordinal);
            string[] expected = file is null || (isSealed && file.StartsWith("agents", StringComparison.Ordinal)) ? [] : [file];
            Assert.Equal(expected, fixture.Files.Holding(secret));
        }

        AssertRequests(fixture, secrets.Select(each => each.Secret));
    }

    // With a login that is refreshed when it is first used, a key that is stored elsewhere, and keys of both kinds to seal with.
    private Task<TlsServer> StartAsync(bool isSealed)
    {
        SealKeys.Write(_keys.Old, SealKey);
        SealKeys.Write(_keys.Passphrase, Passphrase);
        var reference = Path.Join(Path.GetDirectoryName(_keys.Old), "referenced");
        SealKeys.Write(reference, Referenced);
        var seal = isSealed
            ? $"seal: {{ keyFile: '{_keys.Old}', otherKeys: [{{ passphraseFile: '{_keys.Passphrase}' }}] }},"
            : "";
        return TlsServer.StartAsync(
            $"{seal} oauth: {{ tokenUrl: 'UPSTREAM{Login.Path}', clientId: '{Login.ClientId}' }}",
            async server =>
            {
                server.Fixture.Logging = CanaryTests.Everything;
                var end = (server.Fixture.Time.GetUtcNow() + TimeSpan.FromMinutes(1)).ToUnixTimeMilliseconds();
                await server.Fixture.Files.WriteProfilesAsync($$"""
                    { "version": 1, "profiles": {
                      "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" },
                      "anthropic:login": { "type": "oauth", "provider": "anthropic", "access": "{{Login.Access}}",
                        "refresh": "{{Login.Refresh}}", "expires": {{end}} },
                      "anthropic:elsewhere": { "type": "api_key", "provider": "anthropic",
                        "keyRef": { "source": "file", "provider": "mine", "id": "value" } } } }
                    """);
            },
            top: $"secrets: {{ providers: {{ mine: {{ source: 'file', path: '{reference}', mode: 'singleValue' }} }} }}");
    }

    private static async Task UseEachProfileAsync(ServerFixture fixture)
    {
        foreach (var profile in new[] { One, "anthropic:login", "anthropic:elsewhere", "anthropic:sub" })
        {
            var answer = await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"{Model}@{profile}"));
            Assert.Equal($"{profile} served", answer.Attempts);
        }
    }

    // Each with the file that has it; null if none has.
    private static List<(string Secret, string? File)> Secrets(TlsServer server, TestToken token, string rotated)
    {
        const string profiles = "agents/main/agent/auth-profiles.json";
        var (fixture, key) = (server.Fixture, Convert.FromBase64String(
            File.ReadAllText(server.Fixture.Files["clawgrpc.key"]).Trim()));
        var granted = fixture.Sandbox.Requests.Select(request => request.Credential)
            .Single(used => used?.StartsWith("sk-ant-oat01-", StringComparison.Ordinal) == true && used != Token)!;
        Assert.NotEqual(Login.Access, granted);
        List<(string, string?)> secrets =
        [
            (KeyOne, profiles), (Token, profiles), (granted, profiles), (Login.Access, null), (Login.Refresh, null),
            (Referenced, null), (SealKey, null), (Passphrase, null), (token.Text, null), (rotated, null),
            (TokenText.Parse(token.Text)!.Secret.Reveal(), null), (TokenText.Parse(rotated)!.Secret.Reveal(), null),
            (Convert.ToBase64String(key), "clawgrpc.key"), (Convert.ToHexStringLower(key), null),
            (File.ReadAllLines(server.KeyPath)[1], "tls.key"),
        ];
        foreach (var purpose in new[] { "audit", "tokens" })
        {
            var derived = fixture.Part<ServerKey>().For(purpose);
            secrets.AddRange([(Convert.ToBase64String(derived), null), (Convert.ToHexStringLower(derived), null)]);
        }

        return secrets;
    }

    // As it is, and with a secret in each of its texts: people paste into the wrong field. What is stored because its caller says
    // so, unsealed or as the name of a model, is that caller's.
    private static async Task HearAsync(Ear ear, GrpcChannel channel, MethodDescriptor rpc, Metadata headers)
    {
        if (rpc.Name == "UnsealSecrets")
            return;
        await Rpcs.HearAsync(ear, channel, rpc, headers);
        if (rpc.Name is "SetDefaultModel" or "AddModelAlias" or "AddModelFallback")
            return;
        foreach (var pasted in new[] { Pasted, PastedToken })
            await Rpcs.HearAsync(ear, channel, rpc, headers, pasted);
    }

    // Each profile's secret in the one header of its requests, and no other secret anywhere.
    private static void AssertRequests(ServerFixture fixture, IEnumerable<string> secrets)
    {
        foreach (var request in fixture.Sandbox.Requests.Where(request => request.Path != Login.Path))
        {
            var head = $"{request.Path}{request.Query}\n{string.Join('\n', request.Headers)}";
            var text = $"{head}\n{Encoding.UTF8.GetString(request.Body.Span)}";
            foreach (var secret in secrets.Where(secret => secret != request.Credential))
                Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            Assert.Equal(1, text.Split(request.Credential!).Length - 1);
        }

        var refresh = Assert.Single(fixture.Sandbox.Requests, request => request.Path == Login.Path);
        Assert.Contains(Login.Refresh, Encoding.UTF8.GetString(refresh.Body.Span), StringComparison.Ordinal);
    }

    [GeneratedRegex("sk-ant-[a-z]{3}[0-9]{2}-|claw_[a-z2-7]{12}_[0-9A-Za-z]{43}|PRIVATE KEY")]
    private static partial Regex AnySecret();
}
