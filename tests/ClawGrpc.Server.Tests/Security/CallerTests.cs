using ClawGrpc.Client;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Clients with tokens: what they may do, and what happens to their calls when that ends.</summary>
public class CallerTests
{
    [Fact]
    public async Task Token_leads_to_its_client()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Status]);
        var who = await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers);
        Assert.Equal(("ci", "token", token.Id), (who.Client.Name, who.Proof, who.Shown));
        var local = await fixture.Access.WhoAmIAsync(new WhoAmIRequest());
        Assert.Equal(("local", "unix"), (local.Client.Name, local.Proof));
    }

    [Fact]
    public async Task Revoked_token_ends_its_watch_and_no_other()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var revoked = await fixture.AddClientAsync("ci", [Scope.Status]);
        var kept = await fixture.AddClientAsync("other", [Scope.Status]);
        using var ends = fixture.Models.WatchStatus(new WatchStatusRequest(), revoked.Headers);
        using var goesOn = fixture.Models.WatchStatus(new WatchStatusRequest(), kept.Headers);
        Assert.True(await ends.ResponseStream.MoveNext(CancellationToken.None));
        Assert.True(await goesOn.ResponseStream.MoveNext(CancellationToken.None));

        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = revoked.Id });

        var failure = await Assert.ThrowsAsync<RpcException>(() => ends.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(
            (StatusCode.Unauthenticated, ErrorReason.CallerEnded), (failure.StatusCode, ClawGrpcError.From(failure).Reason));
        await fixture.OnboardAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await goesOn.ResponseStream.MoveNext(CancellationToken.None));
        failure = await Assert.ThrowsAsync<RpcException>(
            async () => await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), revoked.Headers));
        Assert.Equal(
            (StatusCode.Unauthenticated, ErrorReason.Unauthenticated), (failure.StatusCode, ClawGrpcError.From(failure).Reason));
    }
}
