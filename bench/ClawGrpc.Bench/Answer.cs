namespace ClawGrpc.Bench;

/// <summary>The answer to a workload's request, as the sandbox gives it: what every gateway is held to.</summary>
/// <param name="Bytes">The body.</param>
internal sealed record Answer(byte[] Bytes)
{
    /// <summary>Events of the stream; 0: it is none.</summary>
    public int Events { get; } = Bytes.AsSpan().Count("event: "u8);
}

/// <summary>A call failed, or brought something else than it should: such a run measures nothing.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message);
