using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>The input side of a request's usage, in tokens. The four add up to what <c>count_tokens</c> says.</summary>
/// <param name="Input">After the last breakpoint.</param>
/// <param name="Write5m">Written for five minutes.</param>
/// <param name="Write1h">Written for an hour.</param>
/// <param name="Read">Read from the cache.</param>
internal sealed record InputUsage(int Input, int Write5m = 0, int Write1h = 0, int Read = 0)
{
    /// <summary>The counters that <c>message_start</c> and <c>message_delta</c> share.</summary>
    public void WriteCounters(Utf8JsonWriter writer)
    {
        writer.WriteNumber("input_tokens", Input);
        writer.WriteNumber("cache_creation_input_tokens", Write5m + Write1h);
        writer.WriteNumber("cache_read_input_tokens", Read);
    }

    /// <summary>The whole <c>usage</c> member of a message.</summary>
    public void WriteMember(Utf8JsonWriter writer, int outputTokens)
    {
        writer.WriteStartObject("usage");
        WriteCounters(writer);
        writer.WriteStartObject("cache_creation");
        writer.WriteNumber("ephemeral_5m_input_tokens", Write5m);
        writer.WriteNumber("ephemeral_1h_input_tokens", Write1h);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens", outputTokens);
        writer.WriteString("service_tier", "standard");
        writer.WriteString("inference_geo", "not_available");
        writer.WriteEndObject();
    }
}
