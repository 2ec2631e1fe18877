using ClawGrpc.Client;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>What happens to connections that are open when their certificate stops leading to a client.</summary>
public class WithdrawnCertificateTests
{
    private static readonly CertificateShape Workload = new() { Uris = ["spiffe://td.example/ns/a"] };

    [Theory]
    [InlineData("the file of the authorities has others")]
    [InlineData("the trust domain is configured no more")]
    [InlineData("the client has another name")]
    [InlineData("the client is gone")]
    [InlineData("the certificate ends")]
    public async Task Watch_ends_when_its_certificate_counts_no_more(string what)
    {
        await using var server = await TlsServer.StartWithDomainsAsync();
        var time = server.Fixture.Time;
        await server.BindAsync("a", "uri:spiffe://td.example/ns/a");
        await server.BindAsync("b", "uri:spiffe://other.example/ns/b");
        var shape = what == "the certificate ends" ? Workload with { NotAfter = time.GetUtcNow().AddMinutes(10) } : Workload;
        var channel = server.Connect(server.DomainAuthority.Issue(shape));
        using var ends = await WatchAsync(channel);
        using var goesOn = await WatchAsync(
            server.Connect(server.OtherAuthority.Issue(Workload with { Uris = ["spiffe://other.example/ns/b"] })));
        var end = EndOfAsync(ends);

        switch (what)
        {
            case "the file of the authorities has others":
                await File.WriteAllTextAsync(server.DomainPath, server.ClientAuthority.Pem);
                break;
            case "the trust domain is configured no more":
                await server.Fixture.Files.ConfigureAsync(
                    server.Fixture.Sandbox.BaseUrl, "clawgrpc: { trustDomains: { 'other.example': 'other.pem' } }");
                break;
            case "the client has another name":
                await server.Fixture.Access.UpdateClientAsync(new UpdateClientRequest
                {
                    Client = new V1.Client
                    {
                        Name = "a",
                        Scopes = { Scope.Status },
                        Agents = { "*" },
                        Bindings = { new ClientBinding { Certificate = "uri:spiffe://td.example/ns/c" } },
                    },
                });
                break;
            case "the client is gone":
                await server.Fixture.Access.RemoveClientAsync(new RemoveClientRequest { Name = "a" });
                break;
            default:
                time.Advance(TimeSpan.FromMinutes(10));
                break;
        }

        await ServerFixture.EventuallyAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(end.IsCompleted);
        });
        var failure = await Assert.ThrowsAsync<RpcException>(() => end);
        Assert.Equal(
            (StatusCode.Unauthenticated, ErrorReason.CallerEnded), (failure.StatusCode, ClawGrpcError.From(failure).Reason));

        // The connection is closed, and a new one is refused.
        failure = await Assert.ThrowsAsync<RpcException>(
            async () => await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest()));
        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
        await server.Fixture.OnboardAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await goesOn.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task Connection_of_a_withdrawn_certificate_is_closed()
    {
        await using var server = await TlsServer.StartWithDomainsAsync();
        await server.BindAsync("a", "uri:spiffe://td.example/ns/a");
        var connections = 0;
        var channel = server.Connect(server.DomainAuthority.Issue(Workload), onConnect: () => connections++);
        await WhoAsync(channel);
        await WhoAsync(channel);
        Assert.Equal(1, connections);
        await server.Fixture.Access.RemoveClientAsync(new RemoveClientRequest { Name = "a" });

        await ServerFixture.EventuallyAsync(async () =>
        {
            await Assert.ThrowsAsync<RpcException>(() => WhoAsync(channel));
            return connections > 1;
        });
    }

    [Fact]
    public async Task File_that_is_broken_or_gone_withdraws_nothing()
    {
        await using var server = await TlsServer.StartWithDomainsAsync();
        await server.BindAsync("a", "uri:spiffe://td.example/ns/a");
        using var goesOn = await WatchAsync(server.Connect(server.DomainAuthority.Issue(Workload)));
        foreach (var content in new[] { "", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", null })
        {
            if (content is null)
                File.Delete(server.DomainPath);
            else
                await File.WriteAllTextAsync(server.DomainPath, content);
            var before = server.Fixture.Log.All.Count;
            await ServerFixture.EventuallyAsync(() =>
            {
                server.Look();
                return Task.FromResult(server.Fixture.Log.All.Skip(before).Any(line =>
                    line.StartsWith("Warning", StringComparison.Ordinal)
                    && line.Contains(server.DomainPath, StringComparison.Ordinal)
                    && line.Contains("The last good one stays in force.", StringComparison.Ordinal)));
            });
        }

        await WhoAsync(server.Connect(server.DomainAuthority.Issue(Workload)));
        await server.Fixture.OnboardAsync();
        server.Fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await goesOn.ResponseStream.MoveNext(CancellationToken.None));
    }

    private static async Task EndOfAsync(AsyncServerStreamingCall<WatchStatusResponse> watch)
    {
        while (await watch.ResponseStream.MoveNext(CancellationToken.None))
        {
            // Heartbeats.
        }
    }

    private static async Task WhoAsync(GrpcChannel channel) =>
        await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());

    private static async Task<AsyncServerStreamingCall<WatchStatusResponse>> WatchAsync(GrpcChannel channel)
    {
        var watch = new V1.ModelService.ModelServiceClient(channel).WatchStatus(new WatchStatusRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        return watch;
    }
}
