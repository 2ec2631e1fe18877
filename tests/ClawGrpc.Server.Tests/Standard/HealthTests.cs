using ClawGrpc.Server.Tests.Harness;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ClawGrpc.Server.Tests.Standard;

public class HealthTests
{
    [Theory]
    [InlineData("")]
    [InlineData("clawgrpc.v1.AuthService")]
    [InlineData("clawgrpc.v1.ModelService")]
    public async Task The_server_and_its_services_are_serving(string service)
    {
        await using var fixture = await ServerFixture.StartAsync();
        var response = await new Health.HealthClient(fixture.Channel).CheckAsync(new HealthCheckRequest { Service = service });
        Assert.Equal(ServingStatus.Serving, response.Status);
    }

    [Fact]
    public async Task Unknown_service_is_not_found()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var health = new Health.HealthClient(fixture.Channel);
        var failed = await Assert.ThrowsAsync<RpcException>(
            async () => await health.CheckAsync(new HealthCheckRequest { Service = "nope" }));
        Assert.Equal(StatusCode.NotFound, failed.StatusCode);
        using var watch = health.Watch(new HealthCheckRequest { Service = "nope" });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(ServingStatus.ServiceUnknown, watch.ResponseStream.Current.Status);
    }

    [Fact]
    public async Task Health_watcher_sees_the_server_stop()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var watch = new Health.HealthClient(fixture.Channel).Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(ServingStatus.Serving, watch.ResponseStream.Current.Status);
        var stopped = fixture.StopServerAsync();
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        Assert.False(await watch.ResponseStream.MoveNext(CancellationToken.None));
        await stopped;
    }

    // Probes go on while it stops.
    [Fact]
    public async Task Server_that_stops_says_so_and_logs_no_error()
    {
        await using var fixture = await ServerFixture.StartAsync();
        fixture.Part<IHostApplicationLifetime>().StopApplication();
        var report = await fixture.Part<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.DoesNotContain(fixture.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }
}
