using System.Buffers;
using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// JSON that <c>max_tokens</c> may have cut off (anthropic-api.md, section 3.1, rule 2). The official SDK drops what is not whole
/// at the end (a text, a number, a name without its value) and closes what is open; so does this.
/// </summary>
internal static class CutJson
{
    /// <summary>Writes the JSON with its end mended.</summary>
    /// <returns>
    /// True when it was whole; false when it was mended, or was no beginning of JSON at all and <c>{}</c> was written.
    /// </returns>
    public static bool WriteWhole(ReadOnlySpan<byte> cut, ArrayBufferWriter<byte> json)
    {
        var reader = new Utf8JsonReader(cut, isFinalBlock: false, new JsonReaderState(JsonText.Options));
        var open = new Stack<byte>();
        var whole = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName)
                    continue;
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    open.Push(reader.TokenType == JsonTokenType.StartObject ? (byte)'}' : (byte)']');
                else if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                    open.Pop();
                whole = (int)reader.BytesConsumed;
            }
        }
        catch (JsonException)
        {
            whole = 0;
        }

        if (whole == 0)
        {
            json.Write("{}"u8);
            return false;
        }

        json.Write(cut[..whole]);
        json.Write(open.ToArray());
        return open.Count == 0 && cut[whole..].Trim(" \t\r\n"u8).IsEmpty;
    }
}
