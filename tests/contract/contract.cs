// The contract in C#. Prints a line for each case; what it needs done meanwhile it asks the driver for.
#:package ClawGrpc.Client@0.1.0
#:package Microsoft.Extensions.DependencyInjection@10.0.15
#:package Microsoft.Extensions.Logging@10.0.15
#:property RestoreAdditionalProjectSources=dist
#:property PublishAot=false
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

var url = Environment.GetEnvironmentVariable("CONTRACT_URL")!;
var ca = Environment.GetEnvironmentVariable("CONTRACT_CA");
var otherCa = Environment.GetEnvironmentVariable("CONTRACT_OTHER_CA");
var tokenFile = Environment.GetEnvironmentVariable("CONTRACT_TOKEN_FILE");
var limit = TimeSpan.FromSeconds(60);
using var channel = ClawGrpcChannel.Create();
var models = new ModelService.ModelServiceClient(channel);

(string Name, Func<Task> Run)[] cases =
[
    ("unary", Unary), ("stream", Stream), ("cancel", Cancel), ("deadline", Deadline), ("error", Error), ("receipt", Receipt),
    ("watch", Watch), ("large", Large), ("socket", Socket), ("tls", Tls), ("token", Token),
];
foreach (var (name, run) in cases)
{
    try
    {
        await run();
        Console.WriteLine($"ok {name}");
    }
    catch (Exception exception)
    {
        Console.WriteLine($"fail {name}: {exception.Message.ReplaceLineEndings(" ")}");
    }
}

async Task Unary()
{
    var answer = await models.CompleteAsync("Say hello.");
    await InjectedAsync(answer.Text);
    Holds(answer.Text.StartsWith("You said “Say hello.”", StringComparison.Ordinal), answer.Text);
    Holds(answer.Receipt.ProfileId == "anthropic:default", answer.Receipt.ProfileId);
}

// The same in an application with dependency injection, and its health.
async Task InjectedAsync(string text)
{
    var services = new ServiceCollection();
    services.AddLogging();
    services.AddClawGrpcClient();
    services.AddHealthChecks().AddClawGrpc();
    await using var provider = services.BuildServiceProvider();
    var injected = provider.GetRequiredService<ModelService.ModelServiceClient>();
    Holds((await injected.CompleteAsync("Say hello.")).Text == text, "another text by injection");
    var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
    Holds(report.Status == HealthStatus.Healthy, report.Entries["clawgrpc"].Description);
}

async Task Stream()
{
    Receipt? receipt = null;
    var pieces = new List<string>();
    await foreach (var piece in models.StreamAsync("Say hello.", finished: each => receipt = each))
        pieces.Add(piece);
    Holds(pieces.Count > 1, $"{pieces.Count} pieces");
    Holds(string.Concat(pieces) == (await models.CompleteAsync("Say hello.")).Text, "another text than that of the whole answer");
    Holds(receipt?.StopReason == "end_turn", receipt);
}

async Task Cancel()
{
    Ask("fault stalled");
    await foreach (var piece in models.StreamAsync("Say hello."))
    {
        Holds(piece.Length > 0, "no piece");
        break;
    }

    Ask("left");
}

async Task Deadline()
{
    Ask("fault silent");
    var error = await FailureAsync(() => models.CompleteAsync("Say hello.", deadline: DateTime.UtcNow.AddSeconds(1)));
    Holds(error.Code == StatusCode.DeadlineExceeded, error);
    Ask("left");
}

async Task Error()
{
    var error = await FailureAsync(() => models.CompleteAsync("Say hello.", agentId: "nope"));
    Holds(error is { Code: StatusCode.NotFound, Reason: ErrorReason.AgentNotFound }, error);
    Holds(error.Metadata["agent_id"] == "nope", error);
    var request = new OnboardRequest { ApiKey = new ApiKeyCredential { Key = "" } };
    error = await FailureAsync(async () => await new AuthService.AuthServiceClient(channel).OnboardAsync(request));
    Holds(error is { Code: StatusCode.InvalidArgument, Reason: ErrorReason.InvalidField }, error);
    Holds(error.FieldViolations.Single().Field == "api_key.key", error);
}

async Task Receipt()
{
    Ask("fault limited");
    var error = await FailureAsync(() => models.CompleteAsync("Say hello."));
    Ask("reset");
    Holds(error is { Code: StatusCode.ResourceExhausted, Reason: ErrorReason.RateLimited }, error);
    Holds(error.Metadata["http_status"] == "429", error);
    Holds(error.RetryDelay > TimeSpan.Zero && error.RetryDelay < TimeSpan.FromHours(1), error.RetryDelay);
    Holds(error.Receipt?.Attempts[0].HttpStatus == 429, error.Receipt);
}

async Task Watch()
{
    const string Profile = "anthropic:watched-csharp";
    var interrupted = false;
    var watch = new StatusWatch(models) { Interrupted = (_, _) => interrupted = true };
    using var late = new CancellationTokenSource(limit);
    await using var statuses = watch.FollowAsync("", cancellation: late.Token).GetAsyncEnumerator();
    Holds(await statuses.MoveNextAsync(), "no status");
    var seen = Task.Run(async () =>
    {
        var revision = statuses.Current.Revision;
        while (await statuses.MoveNextAsync())
        {
            Holds(statuses.Current.Revision > revision, "an older revision");
            revision = statuses.Current.Revision;
            if (statuses.Current.Auth.Profiles.Any(profile => profile.ProfileId == Profile))
                return;
        }
    });
    Ask("restart");
    Ask($"onboard {Profile}");
    await seen;
    Holds(interrupted, "the watch was not interrupted");
}

async Task Large()
{
    Ask("fault large");
    var answer = await models.CompleteAsync(new string('x', 5_000_000));
    Holds(answer.Text.Length > 5_000_000, $"{answer.Text.Length} characters");
}

async Task Socket()
{
    var who = await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());
    Holds(who.Proof == "unix", who);
}

async Task Tls()
{
    using var trusting = ClawGrpcChannel.Create(url, new ClawGrpcOptions { CaFile = ca, TokenFile = tokenFile });
    Holds((await new ModelService.ModelServiceClient(trusting).CompleteAsync("Say hello.")).Text.Length > 0, "no text");
    using var other = ClawGrpcChannel.Create(url, new ClawGrpcOptions { CaFile = otherCa, TokenFile = tokenFile });
    var deadline = DateTime.UtcNow + limit;
    var error = await FailureAsync(
        () => new ModelService.ModelServiceClient(other).CompleteAsync("Say hello.", deadline: deadline));
    Holds(error is { Code: not StatusCode.DeadlineExceeded, ReasonName: "" }, error);
}

async Task Token()
{
    using var shown = ClawGrpcChannel.Create(url, new ClawGrpcOptions { CaFile = ca, TokenFile = tokenFile });
    var who = await new AccessService.AccessServiceClient(shown).WhoAmIAsync(new WhoAmIRequest());
    Holds((who.Client.Name, who.Proof) == ("contract", "token"), who);
    using var none = ClawGrpcChannel.Create(url, new ClawGrpcOptions { CaFile = ca });
    var access = new AccessService.AccessServiceClient(none);
    var error = await FailureAsync(async () => await access.WhoAmIAsync(new WhoAmIRequest()));
    Holds(error.Reason == ErrorReason.Unauthenticated, error);
}

static void Ask(string what)
{
    Console.WriteLine($"ask {what}");
    var answer = Console.ReadLine();
    Holds(answer == "done", $"{what}: {answer}");
}

static void Holds(bool value, object? why)
{
    if (!value)
        throw new InvalidOperationException($"{why}");
}

static async Task<ClawGrpcError> FailureAsync(Func<Task> call)
{
    try
    {
        await call();
    }
    catch (RpcException exception)
    {
        return ClawGrpcError.From(exception);
    }

    throw new InvalidOperationException("the call did not fail");
}
