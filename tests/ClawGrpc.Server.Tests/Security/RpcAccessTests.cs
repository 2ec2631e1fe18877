using ClawGrpc.Client;
using ClawGrpc.Core.Access;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Scope = ClawGrpc.V1.Scope;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>
/// Every RPC of the contract, called by everybody who should not: made from the descriptors, so that an RPC that is added is called
/// too.
/// </summary>
public class RpcAccessTests
{
    private static readonly string[] Contracts = ["auth_service.proto", "model_service.proto", "access_service.proto"];

    private static IEnumerable<MethodDescriptor> Rpcs => new[]
    {
        AuthServiceReflection.Descriptor, ModelServiceReflection.Descriptor, AccessServiceReflection.Descriptor,
    }.SelectMany(file => file.Services).SelectMany(service => service.Methods);

    public static TheoryData<string> AllRpcs => [.. Rpcs.Select(PathOf)];

    [Fact]
    public void Every_service_of_the_contract_is_called_here() => Assert.Equal(
        Contracts.Length,
        typeof(OnboardRequest).Assembly.GetTypes().Count(type => type.Name.EndsWith("ServiceBase", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(AllRpcs))]
    public void Every_RPC_has_its_row(string rpc) => Assert.NotNull(RpcAccess.Find(rpc));

    [Fact]
    public async Task Those_who_show_nothing_valid_are_refused_with_one_text()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete, Scope.Status, Scope.Onboard, Scope.Admin]);
        var expired = await fixture.NewTokenAsync("ci", TimeSpan.FromSeconds(1));
        var revoked = await fixture.NewTokenAsync("ci");
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = revoked.Id });
        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        var shown = new Dictionary<string, string>
        {
            ["typing error"] = $"Bearer {token.Text[..^1]}{(token.Text[^1] == 'a' ? 'b' : 'a')}",
            ["expired"] = $"Bearer {expired.Text}",
            ["revoked"] = $"Bearer {revoked.Text}",
            ["unknown"] = $"Bearer {TokenText.Of(new byte[8], new byte[32]).Whole.Reveal()}",
            ["key of Anthropic"] = "Bearer sk-ant-api03-not-a-token-of-clawgrpc",
            ["other scheme"] = "Basic bG9jYWw6",
            ["empty"] = "",
        };
        var texts = new HashSet<string>();
        foreach (var rpc in Rpcs)
        {
            foreach (var (why, header) in shown.Where((_, index) => rpc.Name is "WhoAmI" or "Complete" || index < 3))
            {
                var error = await RefusalAsync(fixture.Channel, rpc, new Metadata { { "authorization", header } });
                Assert.True(
                    error.Code == StatusCode.Unauthenticated || error.Reason == ErrorReason.ClientLimited,
                    $"{rpc.FullName} {why}");
                if (error.Code == StatusCode.Unauthenticated)
                    texts.Add($"{error.Reason} {error.Message}");
            }
        }

        Assert.Single(texts);
    }

    [Fact]
    public async Task Those_without_the_scope_are_refused_by_name()
    {
        await using var fixture = await ServerFixture.StartAsync();
        foreach (var scope in Enum.GetValues<Scope>().Where(scope => scope != Scope.Unspecified))
        {
            var others = Enum.GetValues<Scope>().Where(other => other != scope && other != Scope.Unspecified);
            var token = await fixture.AddClientAsync($"without-{scope}", others);
            var wanted = ScopeNames.Find($"{scope}".ToLowerInvariant());
            foreach (var rpc in Rpcs.Where(rpc => RpcAccess.Find(PathOf(rpc))!.Scope == wanted))
            {
                var error = await RefusalAsync(fixture.Channel, rpc, token.Headers);
                Assert.Equal((StatusCode.PermissionDenied, ErrorReason.ScopeMissing), (error.Code, error.Reason));
                Assert.Equal($"{scope}".ToLowerInvariant(), error.Metadata["scope"]);
            }
        }
    }

    [Fact]
    public async Task Those_of_another_agent_cannot_tell_whether_there_is_one()
    {
        await using var fixture = await ServerFixture.StartAsync("agents: { list: [{ id: 'main' }, { id: 'work' }] }");
        var token = await fixture.AddClientAsync(
            "bound", [Scope.Complete, Scope.Status, Scope.Onboard, Scope.Admin], client => client.Agents.Add("work"));
        foreach (var rpc in Rpcs.Where(rpc => rpc.Name is not ("WhoAmI" or "GetServer" or "ListAgents")))
        {
            var (there, gone) = (
                await RefusalAsync(fixture.Channel, rpc, token.Headers, "main"),
                await RefusalAsync(fixture.Channel, rpc, token.Headers, "gone"));
            Assert.Equal((StatusCode.PermissionDenied, ErrorReason.AgentNotPermitted), (there.Code, there.Reason));
            Assert.Equal(
                (there.Code, there.Reason, there.Message),
                (gone.Code, gone.Reason, gone.Message.Replace("gone", "main", StringComparison.Ordinal)));
        }

        var agents = await fixture.Auth.ListAgentsAsync(new ListAgentsRequest(), token.Headers);
        Assert.Equal(["work"], agents.Agents.Select(agent => agent.AgentId));
        var status = await fixture.Models.GetStatusAsync(new GetStatusRequest(), token.Headers);
        Assert.Equal("work", status.Status.AgentId);
    }

    [Fact]
    public async Task What_is_no_RPC_is_told_to_clients_alone()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var (nobody, somebody) = (new Metadata { { "authorization", "Bearer claw_x" } }, new Metadata());
        foreach (var (headers, code) in new[] { (nobody, StatusCode.Unauthenticated), (somebody, StatusCode.Unimplemented) })
        {
            var error = await RefusalAsync(fixture.Channel, "/clawgrpc.v1.AuthService/Novel", [], headers);
            Assert.Equal(code, error.Code);
        }
    }

    private static string PathOf(MethodDescriptor rpc) => $"/{rpc.Service.FullName}/{rpc.Name}";

    private static Task<ClawGrpcError> RefusalAsync(
        GrpcChannel channel, MethodDescriptor rpc, Metadata headers, string agent = "main")
    {
        var request = (IMessage)Activator.CreateInstance(rpc.InputType.ClrType)!;
        rpc.InputType.FindFieldByName("agent_id")?.Accessor.SetValue(request, agent);
        if (rpc.InputType.FindFieldByName("input") is { } input)
            input.Accessor.SetValue(request, Prompts.Input(with: given => given.AgentId = agent));
        return RefusalAsync(channel, PathOf(rpc), request.ToByteArray(), headers);
    }

    private static async Task<ClawGrpcError> RefusalAsync(GrpcChannel channel, string rpc, byte[] request, Metadata headers)
    {
        var marshaller = Marshallers.Create<byte[]>(static bytes => bytes, static bytes => bytes);
        var parts = rpc.Split('/');
        var method = new Method<byte[], byte[]>(MethodType.ServerStreaming, parts[1], parts[2], marshaller, marshaller);
        using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(method, null, new CallOptions(headers), request);
        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        return ClawGrpcError.From(refused);
    }
}
