namespace ClawGrpc.Testing;

/// <summary>How the answer to a request ended.</summary>
public enum Outcome
{
    /// <summary>Not yet.</summary>
    Open,

    /// <summary>The whole answer was written, or all that a fault left of it with a clean end.</summary>
    Answered,

    /// <summary>A fault closed the connection.</summary>
    Broken,

    /// <summary>The client went away first.</summary>
    Aborted,

    /// <summary>The sandbox was stopped first.</summary>
    Stopped,
}
