namespace ClawGrpc.Testing;

/// <summary>
/// A real HTTP server that speaks the Anthropic Messages API, for tests, demo and benchmarks. It remembers what it was asked,
/// and breaks in the ways it is told to.
/// </summary>
public sealed class Sandbox : IAsyncDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _stopping = new();
    private readonly RequestLog _log;
    private readonly FaultScript _script = new();
    private readonly KeyRing _keys;
    private readonly Api _api;
    private readonly HttpServer _server;

    private Sandbox(SandboxOptions options)
    {
        var ids = new Ids();
        _log = new(options.KeepRequests);
        _keys = new(options);
        _api = new(options, _keys, ids);
        _script.Add(options.Faults);
        var handler = new Handler(options, _log, _script, _keys, _api, ids, _stopping.Token);
        var control = new Control(this);
        var bench = new BenchAnswers();
        RequestDelegate handle = context =>
            context.Request.Path.StartsWithSegments(Control.Prefix) ? control.HandleAsync(context)
            : options.Bench ? bench.AnswerAsync(context)
            : handler.HandleAsync(context);
        _server = new(options.Listen, handle, isCheap: options.Bench);
    }

    /// <summary>Where it listens: <c>http://127.0.0.1:PORT</c>, without a slash at the end.</summary>
    public string BaseUrl => _server.Address;

    /// <summary>What it was asked so far, in order of arrival, open requests included.</summary>
    public IReadOnlyList<SeenRequest> Requests => _log.Snapshot();

    /// <summary>Connections that clients hold open now.</summary>
    public int OpenConnections => _server.OpenConnections;

    /// <summary>Connections that clients have made since the start.</summary>
    public int ConnectionsMade => _server.ConnectionsMade;

    /// <summary>Faults of the script that have requests left to take.</summary>
    public int FaultsLeft => _script.Left;

    /// <summary>Starts one; it listens when the task completes.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<Sandbox> StartAsync(SandboxOptions? options = null)
    {
        var sandbox = new Sandbox(options ?? new());
        await sandbox._server.StartAsync();
        return sandbox;
    }

    /// <summary>Appends faults to the script.</summary>
    /// <exception cref="ArgumentException">A fault says two things at once; none is taken.</exception>
    public void Script(params IEnumerable<Fault> faults) => _script.Add(faults);

    public void ClearScript() => _script.Clear();

    public void ClearRequests() => _log.Clear();

    /// <summary>Forgets every cached prompt.</summary>
    public void ClearCache() => _api.ClearCache();

    /// <summary>Makes a credential good, or changes the account behind it.</summary>
    public void AddKey(SandboxKey key) => _keys.Add(key);

    /// <summary>Waits until so many requests have arrived; returns them all.</summary>
    /// <exception cref="TimeoutException">They did not come within 30 seconds.</exception>
    public Task<IReadOnlyList<SeenRequest>> WaitForRequestsAsync(int count) =>
        WaitUntilAsync(requests => requests.Count >= count);

    /// <summary>Waits until so many requests were left by their clients; returns those.</summary>
    /// <exception cref="TimeoutException">They were not within 30 seconds.</exception>
    public async Task<IReadOnlyList<SeenRequest>> WaitForAbortsAsync(int count)
    {
        var requests = await WaitUntilAsync(requests => requests.Count(request => request.Outcome == Outcome.Aborted) >= count);
        return [.. requests.Where(request => request.Outcome == Outcome.Aborted)];
    }

    /// <summary>Waits until a condition holds of the log, which is looked at after every arrival and every end.</summary>
    /// <exception cref="TimeoutException">It did not hold within 30 seconds.</exception>
    public async Task<IReadOnlyList<SeenRequest>> WaitUntilAsync(Func<IReadOnlyList<SeenRequest>, bool> holds)
    {
        using var timeout = new CancellationTokenSource(LongestWait);
        try
        {
            return await _log.WaitUntilAsync(holds, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The sandbox saw {_log.Snapshot().Count} requests and not what was waited for.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _server.DisposeAsync();
        _stopping.Dispose();
    }
}
