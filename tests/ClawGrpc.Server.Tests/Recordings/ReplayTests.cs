using ClawGrpc.Replay;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Recordings;

/// <summary>What <c>make replay</c> does, for the repository's own recordings and for those beside the checkout.</summary>
public class ReplayTests
{
    public static TheoryData<string> Folders => [.. RecordedFolders.All];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Recordings_and_requests_pass_through_unchanged(string folder)
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var http = fixture.NewHttp();
        var replayer = new Replayer(fixture.Sandbox, fixture.Channel, http, new Random(7));
        await replayer.BeginAsync();
        var different = new List<string>();
        foreach (var recording in RecordingFolder.Read(folder))
        {
            try
            {
                await fixture.PatientlyAsync(replayer.ReplayAsync(recording));
            }
            catch (ReplayException exception)
            {
                different.Add($"{recording.Name}: {exception.Message}");
            }
        }

        Assert.Empty(different);
    }

    [Fact]
    public void The_repositorys_own_recordings_are_of_every_kind()
    {
        var kinds = RecordingFolder.Read(RecordedFolders.All[0]).Select(recording => recording.Kind).Distinct();
        Assert.Equal(Enum.GetValues<RecordingKind>(), kinds.Order());
    }
}
