using System.Text.RegularExpressions;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Xunit.Abstractions;

namespace ClawGrpc.Server.Tests.Malformed;

/// <summary>Whatever upstream sends: success or one typed error, no fault of ours, no hang, nothing kept.</summary>
[Collection("Malformed")]
public partial class MalformedAnswerTests(ITestOutputHelper output)
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Malformed_answers_become_answers_or_typed_errors()
    {
        await using var upstream = RawUpstream.Of(request => MalformedAnswer.Of(SeedOf(request)));
        await using var fixture = await ServerFixture.PrepareAsync();

        // A key that is no profile has no cooldowns: every call is sent.
        await fixture.Files.ConfigureAsync(upstream.BaseUrl, provider: $"apiKey: '{Credentials.KeyOne}'");
        await fixture.StartServerAsync();

        // Until pools of buffers have as many as are ever used at once: of the largest ones, few answers take any.
        await AskAsync(fixture, 10_000, Runs.Of(few: 200, full: 10_000));
        fixture.Log.Clear();
        var before = Alive.Bytes();
        var ends = await AskAsync(fixture, 10_000, Runs.Of(few: 600, full: 10_000));
        Assert.DoesNotContain(fixture.Log.All, IsError);
        fixture.Log.Clear();
        var after = Alive.Bytes();
        var counts = string.Join(", ", ends.OrderByDescending(end => end.Value).Select(end => $"{end.Value} {end.Key}"));
        output.WriteLine($"{counts}; managed memory {before / 1024} and {after / 1024} kB");

        // Other tests share this memory; by themselves these keep nothing.
        Assert.True(!Runs.InFull || after < before + (8 * 1024 * 1024), $"{before} bytes before and {after} after");
        Assert.Contains("ok", ends.Keys);
    }

    private static bool IsError(string line) => line.StartsWith("Error", StringComparison.Ordinal);

    private static int SeedOf(RawRequest request) =>
        int.Parse(Seed().Match(request.Body).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("seed-([0-9]+);")]
    private static partial Regex Seed();

    private static async Task<Dictionary<string, int>> AskAsync(ServerFixture fixture, int first, int count)
    {
        var ends = new Dictionary<string, int>();
        var all = Parallel.ForAsync(
            first, first + count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, _) =>
        {
            var end = await AskOneAsync(fixture, seed);
            lock (ends)
                ends[end] = ends.GetValueOrDefault(end) + 1;
        });
        return await fixture.PatientlyAsync(EndAsync());

        async Task<Dictionary<string, int>> EndAsync()
        {
            await all;
            return ends;
        }
    }

    private static async Task<string> AskOneAsync(ServerFixture fixture, int seed)
    {
        var input = Prompts.Input($"seed-{seed};");
        try
        {
            if (seed % 4 == 3)
                return await OverHttpAsync(fixture, seed).WaitAsync(Longest);
            var receipt = await (seed % 3 == 0
                ? CompleteAsync(fixture, input, raw: seed % 2 == 0)
                : StreamAsync(fixture, input, raw: seed % 3 == 1)).WaitAsync(Longest);
            Assert.Equal(AttemptOutcome.Served, receipt!.Attempts[^1].Outcome);
            return "ok";
        }
        catch (RpcException exception)
        {
            Assert.True(
                exception.StatusCode is not (StatusCode.Internal or StatusCode.Unknown),
                $"seed {seed}: {exception.Status}\n{string.Join('\n', fixture.Log.All.Where(IsError))}");
            return new CallFailure(exception).Reason;
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"seed {seed}: {exception.Message}", exception);
        }
    }

    private static async Task<string> OverHttpAsync(ServerFixture fixture, int seed)
    {
        var body = Faces.Body.Replace("Hello", $"seed-{seed};", StringComparison.Ordinal);
        var answer = await fixture.AskAsync(Face.Http, stream: seed % 3 != 0, body);

        // A whole message is what upstream made it, whatever that is.
        Assert.Matches("^(ok|no message|error event|[45][0-9]{2} [a-z_]+)$", answer.End);
        return answer.End;
    }

    private static async Task<Receipt?> CompleteAsync(ServerFixture fixture, CompletionInput input, bool raw) =>
        (await fixture.Models.CompleteAsync(new CompleteRequest { Input = input, RawJson = raw })).Receipt;

    private static async Task<Receipt?> StreamAsync(ServerFixture fixture, CompletionInput input, bool raw)
    {
        using var call = fixture.Models.StreamComplete(new StreamCompleteRequest { Input = input, RawEvents = raw });
        Receipt? receipt = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            receipt = call.ResponseStream.Current.Finished?.Receipt;
        return receipt;
    }
}
