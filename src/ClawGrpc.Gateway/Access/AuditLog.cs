using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Access;

/// <summary>
/// Writes the audit. Changes wait until their line is on the disk and are refused if it cannot be; lines of completions are
/// written behind them, in batches, and are dropped and counted if the disk is too slow or cannot be written.
/// </summary>
internal sealed partial class AuditLog : IAsyncDisposable
{
    private const int MostQueued = 8192;
    private const int MostInBatch = 1024;
    private const long Largest = 64 * 1024 * 1024;

    // How long a line waits for company is nobody's rule, so the machine's clock decides it.
    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    private readonly AuditFile _file;
    private readonly byte[] _key;
    private readonly TimeProvider _time;
    private readonly ILogger<AuditLog> _log;
    private readonly AuditDenials _denials;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ArrayBufferWriter<byte> _lines = new();
    private readonly Utf8JsonWriter _json;
    private readonly List<AuditEntry> _batch = [];
    private AuditEntry? _closingLine;
    private bool _hasNews;
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<AuditEntry> _queue = Channel.CreateBounded<AuditEntry>(MostQueued);
    private TaskCompletionSource _more = NewTrigger();
    private Task _drain = Task.CompletedTask;
    private int _isDraining;
    private long _dropped;
    private DateTimeOffset _warned = DateTimeOffset.MinValue;
    private volatile string? _problem;

    public AuditLog(StateFolder folder, ServerKey key, TimeProvider time, ILogger<AuditLog> log)
    {
        Path = folder.AuditPath;
        (_time, _log) = (time, log);
        _file = new AuditFile(Path, Largest);
        _json = new Utf8JsonWriter(_lines);
        _key = key.For("audit");
        _denials = new AuditDenials(time, Queue);
    }

    /// <summary>Raised when it cannot be written any more, and when it can again.</summary>
    public event Action? ProblemChanged;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Why it cannot be written, half a sentence; null if it can.</summary>
    public string? Problem => _problem;

    /// <summary>A text that people give, as the audit and the log have it: a keyed hash if it looks like a secret.</summary>
    public string Shown(string text) => AuditLine.Shown(text, _key);

    /// <summary>Opens what there is for reading, after what was queued is written, if it can be.</summary>
    public Task<AuditReading> ReadAsync(CancellationToken cancellation) => InTurnAsync(
        () =>
        {
            try
            {
                WriteQueued();
                _problem = null;
            }
            catch (Exception exception) when (IsOfDisk(exception))
            {
                NoteProblem(exception);
            }

            return new AuditReading(_file.OpenParts(), _file.Head, _file.Rotations, _more.Task);
        },
        cancellation);

    /// <summary>Writes a line and waits until it is on the disk.</summary>
    /// <exception cref="RefusedException">AUDIT_NOT_WRITTEN.</exception>
    public async Task WriteAsync(AuditEntry entry, CancellationToken cancellation)
    {
        var refusal = await InTurnAsync(() => TryWrite(entry), cancellation);
        if (refusal is not null)
            throw refusal.ToException();
    }

    /// <summary>Has a line written soon. It is dropped if too many wait.</summary>
    public void Note(AuditEntry entry) => Queue(entry);

    /// <summary>The same of a line that anybody can cause: repeats become one line.</summary>
    /// <param name="peer">Who caused it: a client or an address.</param>
    /// <param name="entry">The line.</param>
    public void NoteDenied(string peer, AuditEntry entry) => _denials.Note(peer, entry);

    /// <summary>Opens the file and writes that the server starts.</summary>
    public async Task StartAsync()
    {
        try
        {
            await WriteAsync(OfServer(AuditEvent.Start), CancellationToken.None);
        }
        catch (RefusedException)
        {
            // The server runs without changes of credentials until it can be written. A warning is logged.
            Drain();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _denials.DisposeAsync();
        await _closing.CancelAsync();
        await _drain;
        try
        {
            await WriteAsync(OfServer(AuditEvent.Stop), CancellationToken.None);
        }
        catch (RefusedException)
        {
            // A warning is logged.
        }

        _file.Dispose();
        await _json.DisposeAsync();
        _gate.Dispose();
        _closing.Dispose();
    }

    private AuditEntry OfServer(AuditEvent what) => new(what, _time.GetUtcNow(), AuditActor.Server)
    {
        Details = [("version", Upstream.ProductVersion.Text), ("pid", $"{Environment.ProcessId}")],
    };

    private void Queue(AuditEntry entry)
    {
        if (!_queue.Writer.TryWrite(entry))
            Interlocked.Increment(ref _dropped);
        Drain();
    }

    private void Drain()
    {
        if (!_closing.IsCancellationRequested && Interlocked.Exchange(ref _isDraining, 1) == 0)
            _drain = Task.Run(DrainAsync);
    }

    private async Task DrainAsync()
    {
        try
        {
            await Task.Delay(_problem is null ? Batch : BetweenTries, _closing.Token);
        }
        catch (OperationCanceledException)
        {
            // What is left is written when the server stops.
            return;
        }

        Volatile.Write(ref _isDraining, 0);
        if (await InTurnAsync(() => TryWrite(null), CancellationToken.None) is not null)
            Drain();
    }

    // One at a time, and not on the threads that serve calls: a disk may take its time.
    private async Task<T> InTurnAsync<T>(Func<T> act, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        var before = _problem;
        try
        {
            return await Task.Run(act, CancellationToken.None);
        }
        finally
        {
            var (more, hasNews, after) = (_more, _hasNews, _problem);
            if (hasNews)
                (_more, _hasNews) = (NewTrigger(), false);
            _gate.Release();
            if (hasNews)
                more.SetResult();
            if (before is null != after is null)
                ProblemChanged?.Invoke();
        }
    }

    // Writes what is queued, and then the line, if there is one.
    private Refusal? TryWrite(AuditEntry? entry)
    {
        try
        {
            WriteQueued();
            if (entry is not null)
            {
                _batch.Add(entry);
                WriteBatch();
            }

            _problem = null;
            return null;
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            // Its caller is told; what waited with it is tried again.
            if (entry is not null)
                _batch.Remove(entry);
            NoteProblem(exception);
            return AccessRefusals.AuditNotWritten(Path, _problem!);
        }
    }

    private static bool IsOfDisk(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or StateUnreadableException;

    private void WriteQueued()
    {
        Open();
        do
        {
            while (_batch.Count < MostInBatch && _queue.Reader.TryRead(out var entry))
                _batch.Add(entry);
            WriteBatch();
        }
        while (_queue.Reader.Count > 0);
    }

    private void Open()
    {
        if (_file.Open() is { } tail)
            _closingLine = tail.Closing(_time.GetUtcNow());
    }

    private void WriteBatch()
    {
        var dropped = Interlocked.Read(ref _dropped);
        if (_batch.Count == 0 && dropped == 0 && _closingLine is null)
            return;
        Open();
        _file.RotateIfLarge();
        _lines.ResetWrittenCount();
        var head = _file.Head;
        if (_closingLine is not null)
            head = AuditLine.Append(_lines, _json, _closingLine, head, _key);
        foreach (var entry in _batch)
            head = AuditLine.Append(_lines, _json, entry, head, _key);
        if (dropped > 0)
        {
            var entry = new AuditEntry(AuditEvent.Dropped, _time.GetUtcNow(), AuditActor.Server) { Count = dropped };
            head = AuditLine.Append(_lines, _json, entry, head, _key);
            LogDropped(dropped);
        }

        _file.Append(_lines.WrittenSpan, head);
        (_closingLine, _hasNews) = (null, true);
        _batch.Clear();
        Interlocked.Add(ref _dropped, -dropped);
    }

    private void NoteProblem(Exception exception)
    {
        _problem = exception.Message.TrimEnd('.');
        var now = _time.GetUtcNow();
        if (now - _warned < BetweenWarnings)
            return;
        _warned = now;
        LogNotWritten(Path, _problem);
    }

    private static TaskCompletionSource NewTrigger() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(80, LogLevel.Error,
        "The audit {Path} cannot be written: {Why}. Changes of credentials and clients are refused; completions go on.")]
    private partial void LogNotWritten(string path, string why);

    [LoggerMessage(81, LogLevel.Error, "{Count} lines of the audit were dropped: it could not be written fast enough, or at all")]
    private partial void LogDropped(long count);
}
