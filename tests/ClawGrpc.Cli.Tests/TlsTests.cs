using System.Security.Cryptography.X509Certificates;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ClawGrpc.Cli.Tests;

/// <summary>The client library over TLS, with a CA of its own.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw").FullName;
    private readonly Dictionary<string, string> _environment = new() { ["CLAWGRPC_TOKEN"] = "named" };
    private readonly Script _script = new();
    private readonly Certificates _certificates = new();
    private string? _shown;
    private ScriptedServer _server = null!;

    public async Task InitializeAsync()
    {
        _script.On<WhoAmIRequest>(_ => new WhoAmIResponse());
        _server = await ScriptedServer.StartOnPortAsync(_script, new HttpsConnectionAdapterOptions
        {
            ServerCertificate = _certificates.Sign("localhost"),
            ClientCertificateMode = ClientCertificateMode.AllowCertificate,
            ClientCertificateValidation = (certificate, _, _) => (_shown = certificate.Subject).Length > 0,
        });
        await WriteAsync("CLAWGRPC_CA_FILE", "ca.pem", _certificates.Ca);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Token_is_shown_to_a_server_of_the_own_CA()
    {
        await CallAsync();
        Assert.Equal("Bearer named", Assert.Single(_script.Authorizations));
        Assert.Null(_shown);
    }

    [Fact]
    public async Task Server_that_the_CA_does_not_know_gets_nothing()
    {
        using var other = new Certificates();
        await WriteAsync("CLAWGRPC_CA_FILE", "ca.pem", other.Ca);
        await Assert.ThrowsAsync<RpcException>(() => CallAsync());

        // Nor does one that has another name.
        await WriteAsync("CLAWGRPC_CA_FILE", "ca.pem", _certificates.Ca);
        await Assert.ThrowsAsync<RpcException>(() => CallAsync("127.0.0.1"));

        // Without a CA of its own, the client trusts those of the system alone.
        _environment.Remove("CLAWGRPC_CA_FILE");
        await Assert.ThrowsAsync<RpcException>(() => CallAsync());
        Assert.Empty(_script.Authorizations);
    }

    [Fact]
    public async Task Renewed_client_certificate_is_shown_on_the_next_connection()
    {
        foreach (var name in new[] { "first.example", "second.example" })
        {
            using var own = _certificates.Sign(name);
            await WriteAsync("CLAWGRPC_CERT_FILE", "own.pem", own.ExportCertificatePem());
            await WriteAsync("CLAWGRPC_KEY_FILE", "own.key", own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            await CallAsync();
            Assert.Equal($"CN={name}", _shown);
        }
    }

    [Fact]
    public async Task Certificate_without_key_is_refused_by_name()
    {
        await WriteAsync("CLAWGRPC_CERT_FILE", "own.pem", "");
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => CallAsync());
        Assert.Contains("its key (CLAWGRPC_KEY_FILE)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_that_is_no_certificate_is_named()
    {
        await WriteAsync("CLAWGRPC_CA_FILE", "ca.pem", "nothing");
        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync());
        Assert.Contains(
            $"{_folder}/ca.pem cannot be used for TLS: There is no PEM certificate in it.", $"{failure}",
            StringComparison.Ordinal);
    }

    private async Task CallAsync(string host = "localhost")
    {
        var options = new ClawGrpcOptions { Environment = _environment.GetValueOrDefault };
        using var channel = ClawGrpcChannel.Create($"https://{host}:{_server.Port}", options);
        await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());
    }

    private async Task WriteAsync(string variable, string name, string content)
    {
        _environment[variable] = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(_environment[variable], content);
    }
}
