using System.Collections.Immutable;
using System.Net;

namespace ClawGrpc.Core.Access;

/// <summary>What a line of the audit is about.</summary>
internal enum AuditEvent
{
    /// <summary>The server starts.</summary>
    Start,

    /// <summary>The server stops in order.</summary>
    Stop,

    /// <summary>Credentials, clients, orders or models are changed: one line before, one after.</summary>
    Change,

    /// <summary>A completion has ended.</summary>
    Completion,

    /// <summary>A call was not let in, or not to an agent or model.</summary>
    Denied,

    /// <summary>A call under way had to end: what it stood on was revoked, has expired or permits less.</summary>
    Ended,

    /// <summary>Another configuration was accepted or rejected.</summary>
    Configuration,

    /// <summary>A sealed secret is stored that does not open: it was moved, changed or put back, or its key is missing.</summary>
    Unopened,

    /// <summary>Another replica is gone and did not say so: usage that it had not written yet is missing.</summary>
    Gone,

    /// <summary>Lines were lost, since they could not be written.</summary>
    Dropped,

    /// <summary>A crash cut the line before this one.</summary>
    Torn,

    /// <summary>The end of the file was damaged while the server did not run.</summary>
    Damaged,
}

/// <summary>Who did something, as the audit has it.</summary>
/// <param name="Caller">The caller; null if it is not known, or if it is the server itself.</param>
/// <param name="User">The Unix user at the other end of the socket; null over TCP.</param>
/// <param name="Address">The address at the other end; null for a Unix socket.</param>
internal sealed record AuditActor(Caller? Caller, Proof.Peer? User, IPAddress? Address)
{
    /// <summary>The server's own work.</summary>
    public static readonly AuditActor Server = new(null, null, null);

    /// <summary>What the caller has shown, without what could be a secret; empty if the connection shows all.</summary>
    public string Shown => Caller?.Proof switch
    {
        Proof.Token token => token.Id,
        Proof.Certificate certificate => string.Join(", ", certificate.Names),
        Proof.Jwt jwt => $"{jwt.Subject} of {jwt.Issuer}",
        _ => "",
    };
}

/// <summary>Something that the audit has a line of. Texts are empty if they do not apply.</summary>
/// <param name="Event">What it is about.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Actor">Who did it.</param>
internal sealed record AuditEntry(AuditEvent Event, DateTimeOffset Time, AuditActor Actor)
{
    /// <summary>Such as <c>AuthService/Onboard</c>.</summary>
    public string Rpc { get; init; } = "";

    public string Agent { get; init; } = "";

    public string Profile { get; init; } = "";

    /// <summary>As <c>provider/model</c>.</summary>
    public string Model { get; init; } = "";

    /// <summary><c>intent</c> ahead of a change; then <c>ok</c>, <c>refused</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>The reason of a refusal, such as <c>AGENT_NOT_PERMITTED</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The same in all lines of one call.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Upstream's name of the answer.</summary>
    public string UpstreamId { get; init; } = "";

    /// <summary>How many like it this line stands for.</summary>
    public long Count { get; init; } = 1;

    /// <summary>Null if upstream counted nothing.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Null if upstream counted nothing.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The credential that a change brings. The line has a keyed hash of it.</summary>
    public Secret? Credential { get; init; }

    /// <summary>Further facts by name.</summary>
    public ImmutableArray<(string Name, string Value)> Details { get; init; } = [];
}
