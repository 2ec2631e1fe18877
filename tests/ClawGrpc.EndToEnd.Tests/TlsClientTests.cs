using ClawGrpc.Client;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>
/// The C# client and <c>claw</c> with a token, over the port with TLS of a real server. The clients of the other languages have
/// the same test of their own.
/// </summary>
public class TlsClientTests
{
    private const string NeedsOpenssl = "it makes the certificates";

    [NeedsFact("openssl", NeedsOpenssl)]
    public async Task Token_of_a_file_or_variable_serves_every_kind_of_call()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var (url, id, secret) = await ServeAsync(fixture);
        var file = Path.Join(fixture.Path, "token");
        await File.WriteAllTextAsync(file, secret);
        foreach (var (variable, value) in new[] { ("CLAWGRPC_TOKEN_FILE", file), ("CLAWGRPC_TOKEN", secret) })
        {
            var environment = Trusting(fixture, variable, value);
            using var channel = ClawGrpcChannel.Create(
                url, new ClawGrpcOptions { Environment = environment.GetValueOrDefault });
            var who = await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());
            Assert.Equal(("ci", "token", id), (who.Client.Name, who.Proof, who.Shown));
            using var call = new ModelService.ModelServiceClient(channel).StreamComplete(
                new StreamCompleteRequest { Input = Hello() });
            var events = new List<StreamCompleteResponse>();
            await foreach (var each in call.ResponseStream.ReadAllAsync())
                events.Add(each);
            Assert.Equal("end_turn", events[^1].Finished.Receipt.StopReason);
            Assert.NotEqual("", string.Concat(events.Select(each => each.BlockDelta?.Text)));

            environment["CLAWGRPC_ENDPOINT"] = url;
            var claw = fixture.Keep(RunningProgram.Start("ClawGrpc.Cli", "claw", environment, "complete", "Hello"));
            Assert.True(await claw.ExitAsync() == 0, claw.Error);
            Assert.StartsWith("You said “Hello”.", claw.Out, StringComparison.Ordinal);
        }

        // To a server that it does not trust, and in the clear, a client shows nothing.
        var untrusting = new Dictionary<string, string> { ["CLAWGRPC_TOKEN"] = secret };
        var options = new ClawGrpcOptions { Environment = untrusting.GetValueOrDefault };
        using (var channel = ClawGrpcChannel.Create(url, options))
        {
            var access = new AccessService.AccessServiceClient(channel);
            await Assert.ThrowsAsync<RpcException>(async () => await access.WhoAmIAsync(new WhoAmIRequest()));
        }

        var beyond = $"http://claw.example:{new Uri(url).Port}";
        Assert.Throws<InvalidOperationException>(() => ClawGrpcChannel.Create(beyond, options).Dispose());
        Assert.DoesNotContain(secret, fixture.AllOutput, StringComparison.Ordinal);
    }

    [NeedsFact("openssl", NeedsOpenssl)]
    public async Task Watch_goes_on_with_the_rotated_token_of_its_file()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var (url, id, secret) = await ServeAsync(fixture);
        var file = Path.Join(fixture.Path, "token");
        await File.WriteAllTextAsync(file, secret);
        var environment = Trusting(fixture, "CLAWGRPC_TOKEN_FILE", file);
        using var channel = ClawGrpcChannel.Create(url, new ClawGrpcOptions { Environment = environment.GetValueOrDefault });
        var ended = new TaskCompletionSource<RpcException>(TaskCreationOptions.RunContinuationsAsynchronously);
        var watch = new StatusWatch(new ModelService.ModelServiceClient(channel))
        {
            Interrupted = (why, _) => ended.TrySetResult(why),
        };
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var statuses = watch.FollowAsync("", cancellation: late.Token).GetAsyncEnumerator();
        Assert.True(await statuses.MoveNextAsync());
        var next = statuses.MoveNextAsync().AsTask();

        using var local = fixture.Connect();
        var rotated = await new AccessService.AccessServiceClient(local).RotateTokenAsync(
            new RotateTokenRequest { TokenId = id, Grace = new Duration() });
        await File.WriteAllTextAsync(file, rotated.Secret);
        Assert.Equal(ErrorReason.CallerEnded, ClawGrpcError.From(await ended.Task.WaitAsync(late.Token)).Reason);
        await ProcessFixture.OnboardAsync(local, "anthropic:two", ProcessFixture.KeyTwo);
        Assert.True(await next);
        while (statuses.Current.Auth.Profiles.All(profile => profile.ProfileId != "anthropic:two"))
            Assert.True(await statuses.MoveNextAsync());

        // Without a new token in the file, it ends.
        await new AccessService.AccessServiceClient(local).RevokeTokenAsync(new RevokeTokenRequest { TokenId = id });
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await statuses.MoveNextAsync())
            {
                // What was published before.
            }
        });
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    private static Dictionary<string, string> Trusting(ProcessFixture fixture, string variable, string value) => new()
    {
        ["CLAWGRPC_CA_FILE"] = Path.Join(fixture.Path, "ca.pem"),
        [variable] = value,
    };

    private static CompletionInput Hello() => new()
    {
        MessagesJson = ByteString.CopyFromUtf8("""{"messages":[{"role":"user","content":"Hello"}]}"""),
    };

    // A server with a profile, and a client with a token.
    private static async Task<(string Url, string TokenId, string Secret)> ServeAsync(ProcessFixture fixture)
    {
        await Certificates.MakeAsync(fixture);
        var server = await fixture.ServeAsync(
            "--listen", $"unix:{fixture.Socket}", "--listen", "https://127.0.0.1:0",
            "--tls-cert", Path.Join(fixture.Path, "server.pem"), "--tls-key", Path.Join(fixture.Path, "server.key"));
        using var local = fixture.Connect();
        await ProcessFixture.OnboardAsync(local, "anthropic:one", ProcessFixture.KeyOne);
        var access = new AccessService.AccessServiceClient(local);
        var client = new V1.Client { Name = "ci", Scopes = { Scope.Status, Scope.Complete }, Agents = { "main" } };
        await access.AddClientAsync(new AddClientRequest { Client = client });
        var made = await access.CreateTokenAsync(new CreateTokenRequest { Client = "ci" });
        var url = server.Out.Split([' ', ',', '\n']).Single(word => word.StartsWith("https://", StringComparison.Ordinal));
        return (url, made.Token.TokenId, made.Secret);
    }
}
