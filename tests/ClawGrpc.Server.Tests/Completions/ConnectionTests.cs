using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Completions;

public class ConnectionTests
{
    private const int Streams = 30;

    [Fact]
    public async Task Complete_stream_leaves_its_connection_for_reuse()
    {
        // In its bench mode the sandbox sends the end of a body behind the last event and not along with it.
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { Bench = true });
        await fixture.OnboardAsync();
        for (var stream = 0; stream < Streams; stream++)
            Assert.Null((await fixture.StreamAsync()).Failure);

        // A request may come while the end of the body before it is still under way, and then takes a connection of its own.
        Assert.InRange(fixture.Sandbox.ConnectionsMade, 1, Streams / 3);
    }
}
