using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Status;

/// <summary>What came of asking upstream for anything at all.</summary>
/// <param name="BaseUrl">Where requests go.</param>
/// <param name="Problem">Why it cannot be reached, half a sentence; empty if it answered.</param>
/// <param name="Status">The status of its answer; null if there was none.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Time">What its clock says, to the second; null if it does not say.</param>
internal sealed record Reached(string BaseUrl, string Problem, int? Status, TimeSpan Took, DateTimeOffset? Time);

/// <summary>Asks upstream without a credential: it answers that one is missing, which costs nothing.</summary>
internal sealed class UpstreamCheck(Connections connections, LiveConfiguration configuration, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    public async Task<Reached> AskAsync(CancellationToken cancellation)
    {
        var url = configuration.UpstreamUrl;
        using var patience = new Patience(time, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{url.TrimEnd('/')}/v1/models");
        request.Headers.TryAddWithoutValidation("user-agent", $"ClawGrpc/{ProductVersion.Text}");
        var start = time.GetTimestamp();
        patience.Start(Longest);
        try
        {
            using var response = await connections.SendAsync(request, onNew: true, patience.Token);
            var status = (int)response.StatusCode;
            var problem = status >= 500 ? $"it answers {status}" : "";
            return new Reached(url, problem, status, time.GetElapsedTime(start), response.Headers.Date);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unreached($"it did not answer within {Longest.TotalSeconds} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Unreached((exception.InnerException ?? exception).Message.TrimEnd('.'));
        }

        Reached Unreached(string why) => new(url, why, null, time.GetElapsedTime(start), null);
    }
}
