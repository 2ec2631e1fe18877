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
        await using var rig = await Login.StartAsync(Over);
        rig.Sandbox.Script(Login.Slow);
        var call = rig.StreamAsync();
        await rig.AskedAsync(1);
        await rig.Auth.OnboardAsync(new OnboardRequest { ProfileId = Two, ApiKey = new ApiKeyCredential { Key = KeyTwo } });
        Assert.Equal(KeyTwo, rig.Stored("key", Two));
        await rig.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await call).Attempts);
        Assert.Equal((KeyTwo, rig.Used().Single()), (rig.Stored("key", Two), rig.Stored("access")));
    }

    [Fact]
    public async Task Login_replaced_during_its_refresh_is_kept()
    {
        await using var rig = await Login.StartAsync(Over);
        rig.Sandbox.Script(Login.Slow);
        var call = rig.StreamAsync();
        await rig.AskedAsync(1);
        await rig.StoreLoginAsync(TimeSpan.FromHours(8), TheirRefresh, TheirAccess);
        await rig.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await call).Attempts);
        Assert.Equal((TheirRefresh, TheirAccess), (rig.Stored("refresh"), rig.Stored("access")));
        Assert.Equal([TheirAccess], rig.Used());
    }

    [Fact]
    public async Task Grant_is_stored_over_other_changes_of_its_login()
    {
        await using var rig = await Login.StartAsync(Over);
        rig.Sandbox.Script(Login.Slow);
        var call = rig.StreamAsync();
        await rig.AskedAsync(1);
        await rig.StoreLoginAsync(Over, access: TheirAccess);
        await rig.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await call).Attempts);
        Assert.NotEqual((Login.Refresh, TheirAccess), (rig.Stored("refresh"), rig.Stored("access")));
        Assert.Equal([rig.Stored("access")], rig.Used());
        Assert.Single(rig.Grants());
    }

    [Fact]
    public async Task Login_removed_during_its_refresh_stays_removed()
    {
        await using var rig = await Login.StartAsync(Over, withKey: true);
        rig.Sandbox.Script(Login.Slow);
        var call = rig.StreamAsync();
        await rig.AskedAsync(1);
        await rig.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        await rig.Time.PassAsync(Login.Slowness, Login.Slowness);
        await call;
        Assert.False(rig.Files.Profiles().GetProperty("profiles").TryGetProperty(One, out _));
    }
}
