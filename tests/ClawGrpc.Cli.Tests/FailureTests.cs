using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary>What is said when a call fails, and what an error carries.</summary>
public sealed class FailureTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Without_a_server_it_says_how_to_start_one()
    {
        await _terminal.StopAsync();
        var folder = Path.GetDirectoryName(_terminal.SocketPath);
        Assert.Equal(
            new Run(1, "", $"Error: No ClawGrpc server at unix:{_terminal.SocketPath}. Start one: clawgrpc --state-dir {folder}\n"),
            await _terminal.ClawAsync("models", "status", "--json"));
        Assert.Equal(
            new Run(1, "", $"Error: No ClawGrpc server at unix:{folder}/other.sock. Start one: clawgrpc --listen unix:{folder}/other.sock\n"),
            await _terminal.ClawAsync("agents", "list", "--endpoint", $"unix:{folder}/other.sock"));
        // Port 1 is for tcpmux, which nobody runs.
        Assert.Equal(
            new Run(1, "", "Error: No ClawGrpc server at http://127.0.0.1:1. Start one: clawgrpc --listen http://127.0.0.1:1\n"),
            await _terminal.ClawAsync("complete", "hi", "--endpoint", "http://127.0.0.1:1"));
    }

    [Fact]
    public async Task A_server_that_breaks_off_is_not_a_server_that_is_not_there()
    {
        _terminal.Script.On<GetStatusRequest>(_ => throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "upstream says no")));
        Assert.Equal("Error: upstream says no\n", (await _terminal.ClawAsync("models", "status")).Error);
    }

    [Fact]
    public async Task An_endpoint_that_is_none_is_a_wrong_call()
    {
        var run = await _terminal.ClawAsync("models", "status", "--endpoint", "nonsense");
        Assert.Equal(new Run(1, "", "Error: \"nonsense\" is not an endpoint. Write unix:PATH, http://127.0.0.1:PORT or https://HOST.\n"), run);
    }

    [Fact]
    public async Task The_value_of_an_unknown_option_is_not_repeated()
    {
        var run = await _terminal.ClawAsync("onboard", "--anthropic-apikey=sk-ant-api03-FAKE-KEY");
        Assert.Equal(
            new Run(1, "", "error: unknown option '--anthropic-apikey'\n(Did you mean --anthropic-api-key?)\nSee claw onboard --help.\n"), run);
        Assert.Equal("sk-ant-… and sk-ant-….", Secrets.CutOut("sk-ant-api03-A_b-c and sk-ant-oat01-x."));
    }

    [Theory]
    [InlineData(ErrorReason.ProfileUnusable, "See claw models status. A new credential replaces it: claw onboard --profile-id anthropic:work.")]
    [InlineData(ErrorReason.AllProfilesUnavailable, "The next profile is back in 5m. See claw models status.")]
    [InlineData(ErrorReason.ModelNotFound, "See claw models list.")]
    [InlineData(ErrorReason.TimedOut, "Trying again later may help.")]
    public async Task A_reason_comes_with_its_way_out(ErrorReason reason, string wayOut)
    {
        _terminal.Script.On<GetStatusRequest>(_ => throw Script.Failure(
            StatusCode.FailedPrecondition, reason, "It failed.", new() { ["profile_id"] = "anthropic:work" },
            new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)) }));
        Assert.Equal(new Run(1, "", $"Error: It failed.\n{wayOut}\n"), await _terminal.ClawAsync("models", "status"));
    }

    [Fact]
    public async Task Wrong_fields_are_named()
    {
        _terminal.Script.On<GetStatusRequest>(_ => throw Script.InvalidField("agent_id", "must not be longer than 64 characters"));
        Assert.Equal("Error: agent_id: must not be longer than 64 characters\n", (await _terminal.ClawAsync("models", "status")).Error);
    }

    [Fact]
    public void An_error_reads_as_it_was_made()
    {
        var error = ClawGrpcError.From(Script.Failure(
            StatusCode.ResourceExhausted, ErrorReason.PlanExhausted, "used up", new() { ["claim"] = "five_hour" },
            new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(90)) }));
        Assert.Equal((StatusCode.ResourceExhausted, "used up", ErrorReason.PlanExhausted), (error.Code, error.Message, error.Reason));
        Assert.Equal(("five_hour", TimeSpan.FromSeconds(90)), (error.Metadata["claim"], error.RetryDelay));
    }

    [Fact]
    public void Every_reason_of_the_contract_is_read()
    {
        foreach (var reason in System.Enum.GetValues<ErrorReason>().Where(reason => reason != ErrorReason.Unspecified))
            Assert.Equal(reason, ClawGrpcError.From(Script.Failure(StatusCode.Internal, reason, "")).Reason);
    }

    [Fact]
    public void An_error_that_is_not_ours_or_cannot_be_read_is_code_and_message()
    {
        var foreign = ClawGrpcError.From(new RpcException(
            new Grpc.Core.Status(StatusCode.Internal, "proxy"), new Metadata { { "grpc-status-details-bin", [255, 255] }, { "clawgrpc-receipt-bin", [7] } }));
        Assert.Equal((StatusCode.Internal, "proxy", ErrorReason.Unspecified, ""), (foreign.Code, foreign.Message, foreign.Reason, foreign.ReasonName));
        Assert.Null(foreign.Receipt);
    }

    [Fact]
    public async Task A_fault_of_the_program_is_one_line()
    {
        _terminal.Script.On<CompleteRequest>(_ => new CompleteResponse { Completion = new Completion() });
        var run = await _terminal.ClawAsync("complete", "hi", "--json");
        Assert.Equal((1, "", 1), (run.ExitCode, run.Out, run.Error.Count(character => character == '\n')));
        Assert.StartsWith("Error: ", run.Error, StringComparison.Ordinal);
    }
}
