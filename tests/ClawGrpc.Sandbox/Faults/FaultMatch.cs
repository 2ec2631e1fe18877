namespace ClawGrpc.Testing;

/// <summary>Which requests a fault takes: those for which everything that is set here holds.</summary>
public sealed record FaultMatch
{
    /// <summary>Path without the query; <c>*</c> takes every one.</summary>
    public string Path { get; init; } = "/v1/messages";

    /// <summary>The credential, whole.</summary>
    public string? Key { get; init; }

    /// <summary>How the credential begins.</summary>
    public string? KeyPrefix { get; init; }

    /// <summary>The <c>model</c> of the body.</summary>
    public string? Model { get; init; }

    /// <summary>The <c>stream</c> of the body; absent means false.</summary>
    public bool? Stream { get; init; }

    /// <summary>
    /// Only the n-th request, from 1, of those that all the rest holds for; counted from when the fault was scripted.
    /// </summary>
    public int? Nth { get; init; }

    internal bool Holds(SeenRequest request) =>
        (Path == "*" || Path == request.Path)
        && (Key is null || Key == request.Credential)
        && (KeyPrefix is null || request.Credential?.StartsWith(KeyPrefix, StringComparison.Ordinal) == true)
        && (Model is null || Model == request.TryJson?.GetText("model"))
        && (Stream is null || Stream == (request.TryJson?.Get("stream")?.ValueKind == System.Text.Json.JsonValueKind.True));
}
