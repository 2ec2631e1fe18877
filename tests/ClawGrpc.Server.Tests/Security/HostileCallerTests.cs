using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>What somebody may try who knows the server well.</summary>
public class HostileCallerTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(static bytes => bytes, static bytes => bytes);

    [Theory]
    [InlineData("clawgrpc.v1.ModelService", "Complete")]
    [InlineData("CLAWGRPC.V1.MODELSERVICE", "complete")]
    public async Task Completion_is_audited_however_its_RPC_is_written(string service, string rpc)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete]);
        var request = new CompleteRequest { Input = Prompts.Input() }.ToByteArray();
        var method = new Method<byte[], byte[]>(MethodType.Unary, service, rpc, Bytes, Bytes);
        await fixture.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(token.Headers), request);
        var line = Assert.Single(await fixture.AuditAsync("completion", 1));
        Assert.Equal(
            ("ModelService/Complete", "ci", "ok"), (line.Text("rpc"), line.Text("actor", "client"), line.Text("outcome")));
    }

    [Fact]
    public async Task Token_in_a_path_is_not_logged()
    {
        await using var server = await TlsServer.StartAsync();
        var token = await server.Fixture.AddClientAsync("ci", [Scope.Status]);
        foreach (var headers in new[] { [], token.Headers })
        {
            var method = new Method<byte[], byte[]>(MethodType.Unary, token.Text, token.Text, Bytes, Bytes);
            var call = server.Connect().CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers), []);
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await call);
            Assert.DoesNotContain(token.Text, refused.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains(server.Fixture.Log.All, line => line.Contains("Refused an unknown caller", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Fixture.Log.All, line => line.Contains(token.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Largest_budget_is_read_again_and_a_larger_one_refused()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var largest = new ClientBudget { Usd = 1e9, Tokens = 1_000_000_000_000_000 };
        await fixture.AddClientAsync("ci", [Scope.Complete], client => client.Budget = largest);
        await fixture.RestartServerAsync();
        var clients = await fixture.Access.ListClientsAsync(new ListClientsRequest());
        Assert.Equal(
            (largest.Usd, largest.Tokens), (clients.Clients.Single().Budget.Usd, clients.Clients.Single().Budget.Tokens));
        foreach (var larger in new ClientBudget[] { new() { Tokens = long.MaxValue }, new() { Usd = 1e9 + 1 } })
        {
            var failure = await CallFailure.OfAsync(
                () => fixture.AddClientAsync("other", [Scope.Complete], client => client.Budget = larger));
            Assert.Equal("INVALID_FIELD", failure.Reason);
        }
    }

    [Fact]
    public async Task File_of_clients_that_others_can_write_is_refused()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.AddClientAsync("ci", [Scope.Complete]);
        await fixture.StopServerAsync();
        File.SetUnixFileMode(fixture.Files["clients.json"], (UnixFileMode)Convert.ToInt32("620", 8));
        var refused = await Assert.ThrowsAsync<StateUnreadableException>(fixture.StartServerAsync);
        Assert.Contains("mend it: chmod 600", refused.Message, StringComparison.Ordinal);
    }
}
