namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Standard output that tells when a text has been written to it.</summary>
public sealed class WaitingWriter(string text) : StringWriter
{
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Comes when the text is there.</summary>
    public Task Seen => _seen.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public override void Flush()
    {
        if (ToString().Contains(text, StringComparison.Ordinal)) _seen.TrySetResult();
    }
}
