using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Grpc.Core;
using AttemptOutcome = ClawGrpc.V1.AttemptOutcome;
using ExpiryState = ClawGrpc.V1.ExpiryState;
using FailureKind = ClawGrpc.V1.FailureKind;
using Routing = ClawGrpc.Core.Routing;
using StateFiles = ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Server.Tests.Mapping;

/// <summary>
/// Enums of the gateway and of the contract are twins by name: a value that is added on one side alone is found here.
/// </summary>
public class EnumTwinTests
{
    [Fact]
    public void Every_value_of_the_gateway_has_its_twin()
    {
        AssertTwins<RefusalReason, ErrorReason>();
        AssertTwins<RefusalCode, StatusCode>();
        AssertTwins<Routing.FailureKind, FailureKind>();
        AssertTwins<Retention, CacheRetention>();
        AssertTwins<StateFiles.ExpiryState, ExpiryState>();
        AssertTwins<Gateway.AttemptOutcome, AttemptOutcome>();
        AssertTwins<ProbeOutcome, ProbeStatus>();
        AssertTwins<CredentialKind, CredentialType>();
    }

    [Fact]
    public void Every_value_of_the_contract_has_its_twin()
    {
        AssertAllUsed<ErrorReason, RefusalReason>();
        AssertAllUsed<FailureKind, Routing.FailureKind>();
        AssertAllUsed<CacheRetention, Retention>();
        AssertAllUsed<ExpiryState, StateFiles.ExpiryState>();
        AssertAllUsed<AttemptOutcome, Gateway.AttemptOutcome>();
        AssertAllUsed<ProbeStatus, ProbeOutcome>();
    }

    private static void AssertTwins<TOurs, TContract>()
        where TOurs : struct, Enum
        where TContract : struct, Enum =>
        Assert.All(Enum.GetValues<TOurs>(), value => Assert.Equal($"{value}", $"{ByName.To<TOurs, TContract>(value)}"));

    private static void AssertAllUsed<TContract, TOurs>()
        where TContract : struct, Enum
        where TOurs : struct, Enum =>
        Assert.Equal(Enum.GetNames<TContract>().Where(name => name != "Unspecified").Order(), Enum.GetNames<TOurs>().Order());
}
