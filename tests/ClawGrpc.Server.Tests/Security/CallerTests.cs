using ClawGrpc.Client;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
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
    public async Task Each_call_of_a_connection_is_the_one_of_what_it_shows()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.AddClientAsync("ci", [Scope.Status]);
        var one = await fixture.AddClientAsync("one", [Scope.Status]);
        var two = await fixture.AddClientAsync("two", [Scope.Status]);
        var wrong = new Metadata { { "authorization", one.Headers[0].Value[..^1] } };
        var brief = await fixture.NewTokenAsync("ci", TimeSpan.FromMinutes(1));
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("one", await NameAsync(fixture, one.Headers));
            Assert.Equal("one", await NameAsync(fixture, one.Headers));
            Assert.Equal("", await NameAsync(fixture, wrong));
            Assert.Equal("two", await NameAsync(fixture, two.Headers));
            Assert.Equal("local", await NameAsync(fixture, []));
            Assert.Equal("local", await NameAsync(fixture, []));
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("ci", await NameAsync(fixture, brief.Headers));
        fixture.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("ci", await NameAsync(fixture, brief.Headers));
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("", await NameAsync(fixture, brief.Headers));
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

    [Fact]
    public async Task Revoked_token_ends_all_its_calls_within_a_second_and_those_of_no_other()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(6).Forever());
        var revoked = await fixture.AddClientAsync("ci", [Scope.Status, Scope.Complete]);
        var kept = await fixture.AddClientAsync("other", [Scope.Status, Scope.Complete]);
        var calls = new[] { revoked, kept }.ToDictionary(token => token, token => OpenAsync(fixture, token));
        var (ending, goingOn) = (await calls[revoked], await calls[kept]);
        await fixture.Sandbox.WaitForRequestsAsync(20);

        var start = TimeProvider.System.GetTimestamp();
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = revoked.Id });
        var failures = await Task.WhenAll(ending.Select(call => CallFailure.OfAsync(() => call)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.All(failures, failure => Assert.Equal(
            (StatusCode.Unauthenticated, "CALLER_ENDED"), (failure.Code, failure.Reason)));
        await fixture.Sandbox.WaitForAbortsAsync(10);
        Assert.All(goingOn, call => Assert.False(call.IsCompleted));
        Assert.Equal(10, fixture.Sandbox.Requests.Count(request => request.Outcome == Outcome.Aborted));

        // So does a scope or an agent that is taken away, as far as a call stands on it.
        var client = new V1.Client { Name = "other", Scopes = { Scope.Complete }, Agents = { "*" } };
        await fixture.Access.UpdateClientAsync(new UpdateClientRequest { Client = client });
        await Task.WhenAll(goingOn[..Watchers].Select(call => CallFailure.OfAsync(() => call)));
        Assert.All(goingOn[Watchers..], call => Assert.False(call.IsCompleted));
        await fixture.Access.RemoveClientAsync(new RemoveClientRequest { Name = "other" });
        await Task.WhenAll(goingOn[Watchers..].Select(call => CallFailure.OfAsync(() => call)));
        await fixture.Sandbox.WaitForAbortsAsync(20);
    }

    [Fact]
    public async Task Expired_token_ends_a_watch_at_once_and_a_completion_after_a_while()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(6).Forever());
        await fixture.AddClientAsync("ci", [Scope.Status, Scope.Complete]);
        var token = await fixture.NewTokenAsync("ci", TimeSpan.FromSeconds(30));
        var calls = await OpenAsync(fixture, token);
        await fixture.Sandbox.WaitForRequestsAsync(10);

        fixture.Time.Advance(TimeSpan.FromSeconds(30));
        var failures = await Task.WhenAll(calls[..Watchers].Select(call => CallFailure.OfAsync(() => call)));
        Assert.All(failures, failure => Assert.Equal("CALLER_ENDED", failure.Reason));
        Assert.All(calls[Watchers..], call => Assert.False(call.IsCompleted));
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = token.Id });
        await Task.WhenAll(calls[Watchers..].Select(call => CallFailure.OfAsync(() => call)));
    }

    [Fact]
    public async Task Rotated_token_serves_with_both_secrets_until_the_grace_is_over()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var first = await fixture.AddClientAsync("ci", [Scope.Status]);
        var rotated = await fixture.Access.RotateTokenAsync(new RotateTokenRequest { TokenId = first.Id });
        var second = new TestToken(rotated.Token.TokenId, rotated.Secret);
        Assert.Equal(first.Id, second.Id);
        await fixture.RestartServerAsync();
        foreach (var token in new[] { first, second })
            Assert.Equal("ci", (await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers)).Client.Name);
        fixture.Time.Advance(TimeSpan.FromHours(24));
        await CallFailure.OfAsync(async () => await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), first.Headers));
        await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), second.Headers);
    }

    [Fact]
    public async Task Client_of_some_models_gets_those_alone()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Models.Add("anthropic/claude-haiku-4-5"));
        var failure = await CallFailure.OfAsync(
            async () => await fixture.Models.PlanCompletionAsync(Plan("anthropic/claude-opus-4-6"), token.Headers));
        Assert.Equal((StatusCode.PermissionDenied, "MODEL_NOT_PERMITTED"), (failure.Code, failure.Reason));
        await fixture.Models.PlanCompletionAsync(Plan("anthropic/claude-haiku-4-5"), token.Headers);

        static PlanCompletionRequest Plan(string model) => new() { Input = Prompts.Input(with: input => input.Model = model) };
    }

    [Fact]
    public async Task Addresses_of_accounts_are_for_those_who_onboard()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var key = new ApiKeyCredential { Key = "sk-ant-api03-" + new string('a', 40), Email = "me@example.com" };
        await fixture.Auth.OnboardAsync(new OnboardRequest { ApiKey = key });
        var reader = await fixture.AddClientAsync("reader", [Scope.Status]);
        var owner = await fixture.AddClientAsync("owner", [Scope.Status, Scope.Onboard]);
        var shown = await fixture.Models.GetStatusAsync(new GetStatusRequest(), owner.Headers);
        Assert.Contains("me@example.com", $"{shown}", StringComparison.Ordinal);
        var hidden = await fixture.Models.GetStatusAsync(new GetStatusRequest(), reader.Headers);
        Assert.DoesNotContain("example.com", $"{hidden}", StringComparison.Ordinal);
        Assert.Equal(shown.Status.Auth.Profiles.Count, hidden.Status.Auth.Profiles.Count);
    }

    [Fact]
    public async Task Last_use_is_kept_to_about_five_minutes()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Status]);
        var used = fixture.Time.GetUtcNow();
        await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers);
        await fixture.RestartServerAsync();
        var listed = await fixture.Access.ListClientsAsync(new ListClientsRequest());
        Assert.Equal(used, listed.Clients.Single().Tokens.Single().LastUseTime.ToDateTimeOffset());
    }

    private const int Watchers = 50;

    // Fifty watches that have seen the status, and ten completions whose answers have begun.
    // Empty: it is not let in.
    private static async Task<string> NameAsync(ServerFixture fixture, Metadata headers)
    {
        try
        {
            return (await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), headers)).Client.Name;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Unauthenticated)
        {
            return "";
        }
    }

    private static async Task<Task[]> OpenAsync(ServerFixture fixture, TestToken token)
    {
        var first = new List<Task>();
        var calls = new List<Task>();
        for (var index = 0; index < Watchers; index++)
        {
            var watch = fixture.Models.WatchStatus(new WatchStatusRequest(), token.Headers);
            calls.Add(ReadAsync(watch, first));
        }

        for (var index = 0; index < 10; index++)
        {
            var stream = fixture.Models.StreamComplete(
                new StreamCompleteRequest { Input = Prompts.Input() }, token.Headers);
            calls.Add(ReadAsync(stream, first));
        }

        await Task.WhenAll(first);
        return [.. calls];
    }

    private static Task ReadAsync<T>(AsyncServerStreamingCall<T> call, List<Task> first)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        first.Add(begun.Task);
        return ReadAsync();

        async Task ReadAsync()
        {
            using (call)
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                    begun.TrySetResult();
            }
        }
    }
}
