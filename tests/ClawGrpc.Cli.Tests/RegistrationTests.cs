using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ClawGrpc.Cli.Tests;

/// <summary>The client library in an application with dependency injection: clients, one-line completions, health.</summary>
public sealed class RegistrationTests : IAsyncLifetime
{
    private readonly Script _script = new();
    private ScriptedServer _server = null!;
    private ServiceProvider _provider = null!;

    public async Task InitializeAsync()
    {
        _server = await ScriptedServer.StartOnPortAsync(_script);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddClawGrpcClient(options =>
        {
            options.Endpoint = $"http://127.0.0.1:{_server.Port}";
            options.Token = "claw_FAKE";
            options.Environment = _ => null;
        });
        services.AddHealthChecks().AddClawGrpc(agentId: "main", failureStatus: HealthStatus.Unhealthy, tags: ["ready"]);
        _provider = services.BuildServiceProvider(validateScopes: true);
    }

    public async Task DisposeAsync()
    {
        await _provider.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Registered_client_completes_with_the_options()
    {
        _script.On<CompleteRequest>(request => new CompleteResponse
        {
            Completion = new Completion { Content = { Text("Hello"), new ContentBlock { Thinking = new() }, Text("!") } },
            Receipt = new Receipt { Model = request.Input.Model, AgentId = request.Input.AgentId },
        });
        var models = _provider.GetRequiredService<ModelService.ModelServiceClient>();
        var answer = await models.CompleteAsync("Say hello.", model: "haiku", agentId: "other");
        Assert.Equal(("Hello!", "haiku", "other"), (answer.ToString(), answer.Receipt.Model, answer.Receipt.AgentId));
        var message = Assert.Single(_script.Single<CompleteRequest>().Input.Messages.Messages);
        Assert.Equal((Role.User, "Say hello."), (message.Role, Assert.Single(message.Content).Text.Text));
        Assert.Equal("Bearer claw_FAKE", Assert.Single(_script.Authorizations));
    }

    [Fact]
    public async Task Stream_yields_text_then_the_receipt_and_leaving_cancels()
    {
        var left = new TaskCompletionSource();
        _script.Stream = async (_, writer, context) =>
        {
            context.CancellationToken.Register(left.SetResult);
            await writer.WriteAsync(Piece("one "));
            await writer.WriteAsync(new StreamCompleteResponse { BlockDelta = new ContentBlockDelta { Thinking = "hm" } });
            await writer.WriteAsync(Piece("two"));
            var receipt = new Receipt { StopReason = "end_turn" };
            await writer.WriteAsync(new StreamCompleteResponse { Finished = new CompletionFinished { Receipt = receipt } });
        };
        var models = _provider.GetRequiredService<ModelService.ModelServiceClient>();
        Receipt? receipt = null;
        var pieces = new List<string>();
        await foreach (var piece in models.StreamAsync("Count.", finished: each => receipt = each))
            pieces.Add(piece);
        Assert.Equal(["one ", "two"], pieces);
        Assert.Equal("end_turn", receipt?.StopReason);

        left = new TaskCompletionSource();
        _script.Stream = async (_, writer, context) =>
        {
            context.CancellationToken.Register(left.SetResult);
            await writer.WriteAsync(Piece("one "));
            await left.Task;
        };
        await foreach (var piece in models.StreamAsync("Count."))
            break;
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Health_says_what_the_credentials_can_do()
    {
        var status = new AgentStatus { AgentId = "main", Revision = 7, Auth = new AuthStatus() };
        status.Auth.Profiles.Add(new ProfileStatus { ProfileId = "anthropic:a" });
        _script.On<GetStatusRequest>(_ => new GetStatusResponse { Status = status });
        Assert.Equal((HealthStatus.Healthy, null), await CheckAsync());

        // One route of it is set aside, not the profile.
        status.Auth.UnusableProfiles.Add(new UnusableProfile { ProfileId = "anthropic:a", Model = "anthropic/claude-a" });
        Assert.Equal((HealthStatus.Healthy, null), await CheckAsync());
        status.Auth.UnusableProfiles.Add(new UnusableProfile { ProfileId = "anthropic:a" });
        Assert.Equal((HealthStatus.Degraded, "Every profile is set aside."), await CheckAsync());

        status.Auth.MissingProvidersInUse.Add("anthropic");
        Assert.Equal((HealthStatus.Unhealthy, "No credential for anthropic."), await CheckAsync());
        _script.On<GetStatusRequest>(_ => throw Script.Failure(StatusCode.NotFound, ErrorReason.AgentNotFound, "No agent."));
        Assert.Equal((HealthStatus.Unhealthy, "No agent."), await CheckAsync());
    }

    private async Task<(HealthStatus Status, string? Text)> CheckAsync()
    {
        var service = _provider.GetRequiredService<HealthCheckService>();
        var report = await service.CheckHealthAsync(each => each.Tags.Contains("ready"));
        return (report.Status, report.Entries["clawgrpc"].Description);
    }

    private static ContentBlock Text(string text) => new() { Text = new TextBlock { Text = text } };

    private static StreamCompleteResponse Piece(string text) =>
        new() { BlockDelta = new ContentBlockDelta { Text = text } };
}
