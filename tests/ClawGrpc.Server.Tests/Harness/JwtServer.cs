using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A server that takes tokens of one issuer, and the issuer's key.</summary>
internal sealed class JwtServer : IAsyncDisposable
{
    private readonly ServerFixture _fixture;
    private readonly KeySite? _site;
    private RSA _key = RSA.Create(2048);
    private string _keyId = "first";

    private JwtServer(ServerFixture fixture, KeySite? site) => (_fixture, _site) = (fixture, site);

    public ManualTimeProvider Time => _fixture.Time;

    public LogLines Log => _fixture.Log;

    public ServerFixture Fixture => _fixture;

    public StateFiles Files => _fixture.Files;

    public Sandbox Sandbox => _fixture.Sandbox;

    public V1.ModelService.ModelServiceClient Models => _fixture.Models;

    /// <summary>Starts it, with the keys of the issuer in a file, or at a site.</summary>
    /// <param name="site">The site; null for a file.</param>
    /// <param name="authority">Who signed the site's certificate, as the configuration has it; null if it says nothing.</param>
    /// <param name="scopes">Those of the client.</param>
    public static async Task<JwtServer> StartAsync(
        KeySite? site = null, TestAuthority? authority = null, string scopes = "'status'")
    {
        var server = new JwtServer(await ServerFixture.PrepareAsync(), site);
        await server.RotateAsync("first");
        var client = """
            build: { scopes: [SCOPES], agents: ['*'], subjects: [{ issuer: 'ISSUER',
              subject: 'system:serviceaccount:agents:*', claims: { team: 'build' } }] }
            """;
        client = client.Replace("SCOPES", scopes, StringComparison.Ordinal);
        var keys = site?.Url ?? "jwks.json";
        var issuer = $"issuer: 'ISSUER', audience: 'clawgrpc', jwks: '{keys}', algorithms: ['RS256', 'ES256']";
        if (authority is not null)
        {
            await File.WriteAllTextAsync(server.Files["site-ca.pem"], authority.Pem);
            issuer += ", jwksCa: 'site-ca.pem'";
        }

        var section = $"clawgrpc: {{ issuers: [{{ {issuer} }}], clients: {{ {client} }} }}";
        await server.Files.ConfigureAsync(
            server.Sandbox.BaseUrl, section.Replace("ISSUER", TestJwt.Issuer, StringComparison.Ordinal));
        await server._fixture.StartServerAsync();
        return server;
    }

    public TestJwt NewToken() => new(_key, _keyId, Time.GetUtcNow());

    public async Task<WhoAmIResponse> WhoAsync(TestJwt token) =>
        await _fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers);

    /// <summary>Gives the issuer another key.</summary>
    /// <param name="keyId">Its id.</param>
    /// <param name="bits">Its size.</param>
    public Task RotateAsync(string keyId, int bits = 2048)
    {
        (_key, _keyId) = (RSA.Create(bits), keyId);
        return PublishAsync(_ => { });
    }

    /// <summary>Publishes the issuer's key, changed in some way.</summary>
    public async Task PublishAsync(Action<JsonObject> change)
    {
        var published = KeyOf(_key, _keyId);
        change(published);
        var keys = new JsonObject { ["keys"] = new JsonArray(published) }.ToJsonString();
        if (_site is not null)
            _site.Keys = keys;
        else
            await File.WriteAllTextAsync(Files["jwks.json"], keys);
    }

    /// <summary>A public key as JWK.</summary>
    public static JsonObject KeyOf(RSA key, string keyId)
    {
        var numbers = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = keyId,
            ["n"] = Base64Url.EncodeToString(numbers.Modulus),
            ["e"] = Base64Url.EncodeToString(numbers.Exponent),
        };
    }

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();
}

/// <summary>Where an issuer publishes its keys.</summary>
internal sealed class KeySite : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _fetches;

    private KeySite(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}/jwks";

    public string Keys { get; set; } = "";

    public bool Fails { get; set; }

    public int Fetches => _fetches;

    /// <param name="certificate">Its certificate; null: without TLS.</param>
    public static async Task<KeySite> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options =>
        {
            if (certificate is not null)
                options.UseHttps(certificate);
        }));
        var app = builder.Build();
        var site = new KeySite(app);
        app.MapGet("/jwks", () =>
        {
            Interlocked.Increment(ref site._fetches);
            return site.Fails ? Results.StatusCode(503) : Results.Text(site.Keys, "application/json");
        });
        await app.StartAsync();
        return site;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
