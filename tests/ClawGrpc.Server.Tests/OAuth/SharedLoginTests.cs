using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>What others may do to the stored profiles while the token endpoint is asked.</summary>
public class SharedLoginTests
{
    private const string TheirRefresh = "sk-ant-ort01-FAKE-theirs-0000000001";
    private const string TheirAccess = "sk-ant-oat01-FAKE-theirs-0000000001";
    private static readonly TimeSpan Over = TimeSpan.FromSeconds(-1);

    [Fact]
    public async Task Refresh_does_not_hold_up_other_changes()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        var call = fixture.StreamAsync();
        await fixture.AskedAsync(1);
        await fixture.Auth.OnboardAsync(new OnboardRequest { ProfileId = Two, ApiKey = new ApiKeyCredential { Key = KeyTwo } });
        Assert.Equal(KeyTwo, fixture.Stored("key", Two));
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await call).Attempts);
        Assert.Equal((KeyTwo, fixture.Used().Single()), (fixture.Stored("key", Two), fixture.Stored("access")));
    }

    [Fact]
    public async Task Login_replaced_during_its_refresh_is_kept()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        var call = fixture.StreamAsync();
        await fixture.AskedAsync(1);
        await fixture.StoreLoginAsync(TimeSpan.FromHours(8), TheirRefresh, TheirAccess);
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await call).Attempts);
        Assert.Equal((TheirRefresh, TheirAccess), (fixture.Stored("refresh"), fixture.Stored("access")));
        Assert.Equal([TheirAccess], fixture.Used());
    }

    [Fact]
    public async Task Grant_is_stored_over_other_changes_of_its_login()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        var call = fixture.StreamAsync();
        await fixture.AskedAsync(1);
        await fixture.StoreLoginAsync(Over, access: TheirAccess);
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await call).Attempts);
        Assert.NotEqual((Login.Refresh, TheirAccess), (fixture.Stored("refresh"), fixture.Stored("access")));
        Assert.Equal([fixture.Stored("access")], fixture.Used());
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Login_removed_during_its_refresh_stays_removed()
    {
        await using var fixture = await Login.StartAsync(Over, withKey: true);
        fixture.Sandbox.Script(Login.Slow);
        var call = fixture.StreamAsync();
        await fixture.AskedAsync(1);
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        await call;
        Assert.False(fixture.Files.Profiles().GetProperty("profiles").TryGetProperty(One, out _));
    }
}
