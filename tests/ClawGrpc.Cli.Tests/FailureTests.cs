using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary>The texts of failed calls, and the errors of the client library.</summary>
public sealed class FailureTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Missing_server_says_how_to_start_one()
    {
        await _terminal.StopAsync();
        var folder = Path.GetDirectoryName(_terminal.SocketPath);
        var other = $"unix:{folder}/other.sock";
        Assert.Equal(
            new Run(
                1,
                "",
                $"Error: No ClawGrpc server at unix:{_terminal.SocketPath}. Start one: clawgrpc --state-dir {folder}\n"),
            await _terminal.ClawAsync("models", "status", "--json"));
        Assert.Equal(
            new Run(
                1,
                "",
                $"Error: No ClawGrpc server at {other}. Start one: clawgrpc --listen {other}\n"),
            await _terminal.ClawAsync("agents", "list", "--endpoint", other));
        // Port 1 belongs to tcpmux, which is not in use.
        Assert.Equal(
            new Run(1, "", "Error: No ClawGrpc server at http://127.0.0.1:1. Start one: clawgrpc --listen http://127.0.0.1:1\n"),
            await _terminal.ClawAsync("complete", "hi", "--endpoint", "http://127.0.0.1:1"));
    }

    [Fact]
    public async Task Unavailable_from_server_prints_its_message()
    {
        _terminal.Script.On<GetStatusRequest>(
            _ => throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "upstream says no")));
        Assert.Equal("Error: upstream says no\n", (await _terminal.ClawAsync("models", "status")).Error);
    }

    [Fact]
    public async Task Invalid_endpoint_is_a_usage_error()
    {
        var run = await _terminal.ClawAsync("models", "status", "--endpoint", "nonsense");
        Assert.Equal(
            new Run(1, "", "Error: \"nonsense\" is not an endpoint. Write unix:PATH, http://127.0.0.1:PORT or https://HOST.\n"),
            run);
    }

    [Fact]
    public async Task Value_of_unknown_option_is_not_printed()
    {
        var run = await _terminal.ClawAsync("onboard", "--anthropic-apikey=sk-ant-api03-FAKE-KEY");
        Assert.Equal(
            "error: unknown option '--anthropic-apikey'\n(Did you mean --anthropic-api-key?)\nSee claw onboard --help.\n",
            run.Error);
        Assert.Equal("sk-ant-… and sk-ant-….", Secrets.Mask("sk-ant-api03-A_b-c and sk-ant-oat01-x."));
    }

    [Theory]
    [InlineData(
        ErrorReason.ProfileUnusable,
        "See claw models status. A new credential replaces it: claw onboard --profile-id anthropic:work.")]
    [InlineData(ErrorReason.AllProfilesUnavailable, "The next profile is back in 5m. See claw models status.")]
    [InlineData(ErrorReason.ModelNotFound, "See claw models list.")]
    [InlineData(ErrorReason.TimedOut, "Trying again later may help.")]
    public async Task Reason_prints_the_command_that_helps(ErrorReason reason, string hint)
    {
        _terminal.Script.On<GetStatusRequest>(_ => throw Script.Failure(
            StatusCode.FailedPrecondition, reason, "It failed.", new() { ["profile_id"] = "anthropic:work" },
            new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)) }));
        Assert.Equal(new Run(1, "", $"Error: It failed.\n{hint}\n"), await _terminal.ClawAsync("models", "status"));
    }

    [Fact]
    public async Task Invalid_field_is_named()
    {
        _terminal.Script.On<GetStatusRequest>(
            _ => throw Script.InvalidField("agent_id", "must not be longer than 64 characters"));
        Assert.Equal(
            "Error: agent_id: must not be longer than 64 characters\n",
            (await _terminal.ClawAsync("models", "status")).Error);
    }

    [Fact]
    public void Error_details_are_read()
    {
        var error = ClawGrpcError.From(Script.Failure(
            StatusCode.ResourceExhausted, ErrorReason.PlanExhausted, "used up", new() { ["claim"] = "five_hour" },
            new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(90)) }));
        Assert.Equal(
            (StatusCode.ResourceExhausted, "used up", ErrorReason.PlanExhausted),
            (error.Code, error.Message, error.Reason));
        Assert.Equal(("five_hour", TimeSpan.FromSeconds(90)), (error.Metadata["claim"], error.RetryDelay));
    }

    [Fact]
    public void Every_reason_of_the_contract_is_read()
    {
        foreach (var reason in System.Enum.GetValues<ErrorReason>().Where(reason => reason != ErrorReason.Unspecified))
            Assert.Equal(reason, ClawGrpcError.From(Script.Failure(StatusCode.Internal, reason, "")).Reason);
    }

    [Fact]
    public void Unreadable_details_leave_code_and_message()
    {
        var foreign = ClawGrpcError.From(new RpcException(
            new Grpc.Core.Status(StatusCode.Internal, "proxy"),
            new Metadata { { "grpc-status-details-bin", [255, 255] }, { "clawgrpc-receipt-bin", [7] } }));
        Assert.Equal(
            (StatusCode.Internal, "proxy", ErrorReason.Unspecified, ""),
            (foreign.Code, foreign.Message, foreign.Reason, foreign.ReasonName));
        Assert.Null(foreign.Receipt);
    }

    [Fact]
    public async Task Internal_fault_prints_one_line()
    {
        _terminal.Script.On<CompleteRequest>(_ => new CompleteResponse { Completion = new Completion() });
        var run = await _terminal.ClawAsync("complete", "hi", "--json");
        Assert.Equal((1, "", 1), (run.ExitCode, run.Out, run.Error.Count(character => character == '\n')));
        Assert.StartsWith("Error: ", run.Error, StringComparison.Ordinal);
    }
}
