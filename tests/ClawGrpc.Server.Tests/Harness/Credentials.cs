using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>Credentials that look right and open nothing, and the calls that store them.</summary>
internal static class Credentials
{
    public const string One = "anthropic:one";
    public const string Two = "anthropic:two";
    public const string KeyOne = "sk-ant-api03-FAKE-first-key-0000000000000001";
    public const string KeyTwo = "sk-ant-api03-FAKE-second-key-0000000000000002";

    /// <summary>A setup-token of the right shape.</summary>
    public static readonly string Token = $"sk-ant-oat01-FAKE-{new string('t', 80)}-token-0001";

    public static async Task OnboardAsync(
        this ServerFixture fixture, string profile = One, string key = KeyOne, string agent = "") =>
        await fixture.Auth.OnboardAsync(
            new OnboardRequest { AgentId = agent, ProfileId = profile, ApiKey = new ApiKeyCredential { Key = key } });

    public static async Task OnboardTokenAsync(this ServerFixture fixture, string profile = One) =>
        await fixture.Auth.OnboardAsync(
            new OnboardRequest { ProfileId = profile, SetupToken = new SetupTokenCredential { Token = Token } });

    /// <summary>A fixture with the profiles One and Two, tried in this order.</summary>
    public static async Task<ServerFixture> WithTwoKeysAsync(string more = "")
    {
        var fixture = await ServerFixture.StartAsync(more);
        await fixture.OnboardAsync(One, KeyOne);
        await fixture.OnboardAsync(Two, KeyTwo);
        await fixture.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { One, Two } });
        return fixture;
    }
}
