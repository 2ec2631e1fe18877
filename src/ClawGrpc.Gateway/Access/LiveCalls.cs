using System.Collections.Concurrent;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Gateway.Access;

/// <summary>
/// The calls under way and what each stands on: when that is revoked, expires or permits less, the call ends. Others go on.
/// </summary>
internal sealed class LiveCalls : IDisposable
{
    // A completion may go on when what its caller showed expires: Anthropic's answers take less.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<LiveCall, bool> _calls = [];
    private readonly Clients _clients;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _scheduling = new();
    private DateTimeOffset _next = DateTimeOffset.MaxValue;

    public LiveCalls(Clients clients, TimeProvider time)
    {
        (_clients, _time) = (clients, time);
        _timer = time.CreateTimer(_ => CheckAll(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        clients.Changed += CheckAll;
    }

    /// <summary>How many calls are under way.</summary>
    public int Count => _calls.Count;

    /// <summary>Notes a call until it is disposed of.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="scope">What the call takes.</param>
    /// <param name="allAgents">Whether it is about what all agents share.</param>
    /// <param name="aborted">Cancelled when the caller is gone.</param>
    public LiveCall Begin(Caller caller, Scopes scope, bool allAgents, CancellationToken aborted)
    {
        var call = new LiveCall(caller, scope, allAgents, this, _time, aborted);
        _calls[call] = true;
        Check(call);
        return call;
    }

    public void Dispose()
    {
        _clients.Changed -= CheckAll;
        _timer.Dispose();
    }

    /// <summary>Looks at a call again.</summary>
    public void Check(LiveCall call) => Check(call, _time.GetUtcNow());

    /// <summary>The call is over.</summary>
    public void End(LiveCall call) => _calls.TryRemove(call, out _);

    private void CheckAll()
    {
        lock (_scheduling)
            _next = DateTimeOffset.MaxValue;
        var now = _time.GetUtcNow();
        foreach (var call in _calls.Keys)
            Check(call, now);
    }

    private void Check(LiveCall call, DateTimeOffset now)
    {
        // What has expired may still be revoked: looked for as of the last moment at which it was valid.
        var isExpired = call.Caller.Expires <= now;
        var (caller, _) = _clients.Directory.Find(call.Caller.Proof, isExpired ? call.Caller.Expires!.Value.AddTicks(-1) : now);
        if (caller is null)
            call.EndNow($"the {call.Caller.Proof.Kind} was revoked, or is valid no more");
        else if (!caller.May(call.Scope) || (call.AllAgents && !caller.HasAllAgents))
            call.EndNow($"the client \"{caller.Client.Name}\" may not do this any more");
        else if (call.AgentId is { } agent && !caller.MayUse(agent))
            call.EndNow($"the client \"{caller.Client.Name}\" may not use this agent any more");
        if ((caller ?? call.Caller).Expires is not { } expires)
            return;
        var end = call.Scope == Scopes.Complete ? expires + Grace : expires;
        if (now >= end)
            call.EndNow($"the {call.Caller.Proof.Kind} has expired");
        else
            WakeAt(end);
    }

    private void WakeAt(DateTimeOffset at)
    {
        lock (_scheduling)
        {
            if (at >= _next)
                return;
            _next = at;
            _timer.WakeAt(_time, at);
        }
    }
}
