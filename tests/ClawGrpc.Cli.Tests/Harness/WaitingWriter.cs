namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Standard output that signals when a text has been written to it.</summary>
public sealed class WaitingWriter(string text) : StringWriter
{
    private readonly Lock _lock = new();
    private string _text = text;
    private int _from;
    private TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the text has been written.</summary>
    public Task Seen => _seen.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Waits for another text in the output from now on.</summary>
    public void WaitFor(string text)
    {
        lock (_lock)
        {
            (_text, _from) = (text, GetStringBuilder().Length);
            _seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public override void Flush()
    {
        lock (_lock)
        {
            if (ToString().IndexOf(_text, _from, StringComparison.Ordinal) >= 0)
                _seen.TrySetResult();
        }
    }
}
