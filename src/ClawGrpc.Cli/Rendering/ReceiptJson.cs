using System.Text.Json;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A receipt as JSON, without members that have no value.</summary>
internal static class ReceiptJson
{
    /// <summary>Writes the object, or <c>null</c> if there is no receipt.</summary>
    public static void Write(Utf8JsonWriter json, Receipt? receipt)
    {
        if (receipt is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteOptional("completionId", receipt.CompletionId);
        json.WriteString("agentId", receipt.AgentId);
        json.WriteOptional("sessionId", receipt.SessionId);
        json.WriteString("model", receipt.Model);
        json.WriteOptional("profileId", receipt.ProfileId);
        json.WriteOptional("requestId", receipt.RequestId);
        json.WriteOptional("stopReason", receipt.StopReason);
        json.WriteStartArray("attempts");
        foreach (var attempt in receipt.Attempts)
            WriteAttempt(json, attempt);
        json.WriteEndArray();
        if (receipt.Sent is { } sent)
            WriteSent(json, sent);
        if (receipt.Cache is { } cache)
            WriteCache(json, cache);
        if (receipt.Usage is { } usage)
        {
            json.WriteStartObject("usage");
            UsageJson.WriteCounts(json, usage);
            json.WriteEndObject();
        }

        UsageJson.WriteCost(json, receipt.Cost);
        if (receipt.StartTime is { } start)
            json.WriteNumber("startedAt", Words.Milliseconds(start));
        if (receipt.TimeToFirstEvent is { } first)
            json.WriteNumber("timeToFirstEventMs", Words.Milliseconds(first));
        if (receipt.Duration is { } duration)
            json.WriteNumber("durationMs", Words.Milliseconds(duration));
        json.WriteNumber("statusRevision", receipt.StatusRevision);
        json.WriteEndObject();
    }

    private static void WriteAttempt(Utf8JsonWriter json, Attempt attempt)
    {
        json.WriteStartObject();
        json.WriteOptional("profileId", attempt.ProfileId);
        json.WriteString("model", attempt.Model);
        json.WriteString("outcome", Words.Of(attempt.Outcome));
        json.WriteOptional("failure", Words.Of(attempt.Failure));
        if (attempt.HttpStatus > 0)
            json.WriteNumber("httpStatus", attempt.HttpStatus);
        json.WriteOptional("errorType", attempt.ErrorType);
        json.WriteOptional("errorCode", attempt.ErrorCode);
        json.WriteOptional("claim", attempt.Claim);
        json.WriteOptional("message", attempt.Message);
        json.WriteOptional("requestId", attempt.RequestId);
        if (attempt.StartTime is { } start)
            json.WriteNumber("startedAt", Words.Milliseconds(start));
        if (attempt.Duration is { } duration)
            json.WriteNumber("durationMs", Words.Milliseconds(duration));
        if (attempt.RecoverTime is { } recover)
            json.WriteNumber("until", Words.Milliseconds(recover));
        if (attempt.RetriesInPlace > 0)
            json.WriteNumber("retriesInPlace", attempt.RetriesInPlace);
        json.WriteEndObject();
    }

    private static void WriteSent(Utf8JsonWriter json, SentRequest sent)
    {
        json.WriteStartObject("sent");
        json.WriteString("url", sent.Url);
        json.WriteStartArray("headers");
        foreach (var header in sent.Headers)
        {
            json.WriteStartObject();
            json.WriteString("name", header.Name);
            json.WriteString("value", header.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("bodyBytes", sent.BodyBytes);
        json.WriteEndObject();
    }

    private static void WriteCache(Utf8JsonWriter json, CacheReceipt cache)
    {
        json.WriteStartObject("cache");
        json.WriteString("requested", Words.Of(cache.Requested));
        json.WriteOptional("requestedBy", cache.RequestedBy);
        json.WriteString("applied", Words.Of(cache.Applied));
        json.WriteOptional("reason", cache.Reason);
        json.WriteStartArray("breakpoints");
        foreach (var breakpoint in cache.Breakpoints)
        {
            json.WriteStartObject();
            json.WriteString("path", breakpoint.Path);
            json.WriteString("ttl", breakpoint.Ttl);
            json.WriteBoolean("fromCaller", breakpoint.FromCaller);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
