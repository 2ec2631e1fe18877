using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>A fault of ClawGrpc's own: the caller gets a number, and the log says what it was.</summary>
public class InternalFaultTests
{
    [Theory]
    [InlineData("stream")]
    [InlineData("whole")]
    [InlineData("plan")]
    [InlineData("count")]
    public async Task Fault_of_a_completion_tells_its_incident_and_no_more(string call)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var input = Prompts.Input(with: input => input.SessionId = "a-session");

        // A part of the server that is gone, as after a bug.
        await fixture.Part<SessionPins>().DisposeAsync();
        var failed = await CallFailure.OfAsync(async () =>
        {
            switch (call)
            {
                case "stream":
                    using (var stream = fixture.Models.StreamComplete(new StreamCompleteRequest { Input = input }))
                        await stream.ResponseStream.MoveNext(CancellationToken.None);
                    break;
                case "whole":
                    await fixture.Models.CompleteAsync(new CompleteRequest { Input = input });
                    break;
                case "plan":
                    await fixture.Models.PlanCompletionAsync(new PlanCompletionRequest { Input = input });
                    break;
                default:
                    await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = input });
                    break;
            }
        });
        AssertTellsNothing(fixture, failed, "MemoryCache");
    }

    [Fact]
    public async Task Fault_of_a_write_tells_its_incident_and_no_more()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        ((FileStore)fixture.Part<IStateStore>()).Dispose();
        AssertTellsNothing(fixture, await CallFailure.OfAsync(() => fixture.OnboardAsync()), "SemaphoreSlim");
    }

    private static void AssertTellsNothing(ServerFixture fixture, CallFailure failed, string fault)
    {
        var incident = failed.Facts["incident"];
        Assert.Equal((StatusCode.Internal, "INTERNAL"), (failed.Code, failed.Reason));
        Assert.Equal($"ClawGrpc failed; its log says why under {incident}.", failed.Message);
        Assert.Equal(["incident"], failed.Facts.Keys);
        Assert.All(failed.Exception.Trailers, trailer => Assert.DoesNotContain(
            fault, trailer.IsBinary ? System.Text.Encoding.UTF8.GetString(trailer.ValueBytes) : trailer.Value,
            StringComparison.Ordinal));
        var logged = Assert.Single(fixture.Log.All, line => line.Contains(incident, StringComparison.Ordinal));
        Assert.Contains(fault, logged, StringComparison.Ordinal);
    }
}
