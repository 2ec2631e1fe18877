namespace Grpc.Core;

/// <summary>What the four kinds of call share: functions over one state.</summary>
internal readonly struct AsyncCallState(
    Func<object, Task<Metadata>> responseHeadersAsync,
    Func<object, Status> getStatus,
    Func<object, Metadata> getTrailers,
    Action<object> dispose,
    object state)
{
    public static AsyncCallState From(
        Task<Metadata> responseHeadersAsync, Func<Status> getStatus, Func<Metadata> getTrailers, Action dispose)
    {
        // The functions close over what was given; the state is not looked at.
        return new AsyncCallState(_ => responseHeadersAsync, _ => getStatus(), _ => getTrailers(), _ => dispose(), getStatus);
    }

    public Task<Metadata> ResponseHeadersAsync() => responseHeadersAsync(state);

    public Status GetStatus() => getStatus(state);

    public Metadata GetTrailers() => getTrailers(state);

    public void Dispose() => dispose(state);
}
