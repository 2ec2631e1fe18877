namespace ClawGrpc.Testing;

/// <summary>
/// One entry of the script: which requests it takes, how often, and what it does to their answers. At most one of
/// <see cref="Status"/>, <see cref="Replay"/>, <see cref="Drop"/> and <see cref="StallBeforeHeaders"/> says what is answered
/// (none: the sandbox's own
/// answer), and at most one of <see cref="Cut"/>, <see cref="End"/>, <see cref="Stall"/>, <see cref="Error"/> and
/// <see cref="Malformed"/> how it breaks; <see cref="Slow"/> and <see cref="Chunks"/> go with any of them.
/// The same shape is its JSON, in camelCase.
/// </summary>
public sealed record Fault
{
    /// <summary><see cref="Times"/> without end; <c>"forever"</c> in JSON.</summary>
    public const int Forever = int.MaxValue;

    public FaultMatch Match { get; init; } = new();

    /// <summary>How many requests it takes before it is spent.</summary>
    public int Times { get; init; } = 1;

    /// <summary>An answer with this status and body instead of the sandbox's own.</summary>
    public StatusFault? Status { get; init; }

    /// <summary>A recorded answer instead of the sandbox's own.</summary>
    public ReplayFault? Replay { get; init; }

    /// <summary>The connection is closed without a byte of an answer.</summary>
    public bool Drop { get; init; }

    /// <summary>Nothing is answered until the client leaves.</summary>
    public bool StallBeforeHeaders { get; init; }

    /// <summary>The connection is closed in the middle of the answer.</summary>
    public BreakPoint? Cut { get; init; }

    /// <summary>The answer ends early and cleanly: a stream without its <c>message_stop</c>.</summary>
    public BreakPoint? End { get; init; }

    /// <summary>Nothing more comes, until the client leaves.</summary>
    public BreakPoint? Stall { get; init; }

    /// <summary>
    /// The event after the point has only half of its data; the rest follows as usual. A JSON answer is cut in half, with a
    /// clean end.
    /// </summary>
    public BreakPoint? Malformed { get; init; }

    /// <summary>
    /// An <c>error</c> event ends the stream. A request that did not ask for a stream gets the error as its status.
    /// </summary>
    public StreamError? Error { get; init; }

    public Slowness? Slow { get; init; }

    public Chunking? Chunks { get; init; }
}

/// <summary>
/// Where an answer breaks: after so many events, or after so many bytes of the body; not both. Beyond the end: after the last
/// one.
/// </summary>
/// <param name="AfterEvents">Whole events before the break. A JSON answer, which has none, breaks in its middle unless this
/// is 0.</param>
/// <param name="AfterBytes">Bytes of the body before the break.</param>
public sealed record BreakPoint(int? AfterEvents = null, int? AfterBytes = null);

/// <summary>An error inside a stream whose status was already 200.</summary>
/// <param name="AfterEvents">Events before it; 0 puts it first, 1 after <c>message_start</c>.</param>
/// <param name="Type"><c>error.type</c>.</param>
/// <param name="Message"><c>error.message</c>.</param>
/// <param name="Status">The status of a request that did not ask for a stream.</param>
public sealed record StreamError(
    int AfterEvents = 1, string Type = "overloaded_error", string Message = ErrorTexts.Overloaded, int Status = 529);

/// <summary>Pauses, in milliseconds of the sandbox's clock.</summary>
/// <param name="BeforeHeadersMs">Before the status line.</param>
/// <param name="BeforeFirstEventMs">Between the headers and the first byte of the body.</param>
/// <param name="PerEventMs">Before every later event, or piece of <see cref="Chunking"/>.</param>
public sealed record Slowness(int BeforeHeadersMs = 0, int BeforeFirstEventMs = 0, int PerEventMs = 0);

/// <summary>The body goes out in pieces of 1 to <paramref name="Max"/> bytes, each flushed, without regard to events.</summary>
/// <param name="Max">Longest piece; 1 sends every byte by itself.</param>
/// <param name="Seed">Seed of the sizes: the same seed gives the same pieces.</param>
public sealed record Chunking(int Max = 1, int Seed = 0);
