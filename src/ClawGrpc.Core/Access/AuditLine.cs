using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ClawGrpc.Core.Access;

/// <summary>Where the chain of the audit stands.</summary>
/// <param name="Sequence">The number of the last line; 0 if there is none.</param>
/// <param name="Hash">Its hash, in 64 small hexadecimal digits.</param>
internal readonly record struct AuditHead(long Sequence, string Hash)
{
    /// <summary>Of a chain that has not begun.</summary>
    public static readonly AuditHead None = new(0, new string('0', AuditLine.HashLength));
}

/// <summary>
/// One line of the audit: JSON of ASCII characters whose last member is the hash. The hash is the SHA-256 of the hash of the line
/// before, as text, and of the line without its member <c>hash</c>.
/// </summary>
internal static class AuditLine
{
    /// <summary>How many digits a hash has.</summary>
    public const int HashLength = 64;

    /// <summary>What a value that could be a secret begins with in a line.</summary>
    public const string Hmac = "hmac-sha256:";

    private const int LongestText = 200;
    private const int ShortestSecret = 32;
    private const int OnStack = 2048;
    private static readonly byte[] BeforeHash = ",\"hash\":\""u8.ToArray();
    private static readonly byte[] AfterHash = "\"}"u8.ToArray();
    private static readonly string[] Events =
        [.. Enum.GetValues<AuditEvent>().Select(each => each.ToString().ToLowerInvariant())];

    /// <summary>Appends the line of an entry, its line feed included.</summary>
    /// <param name="lines">What it is appended to.</param>
    /// <param name="json">A writer to the same, used for one line after the other.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="before">The head before it.</param>
    /// <param name="key">The key for values that could be secrets.</param>
    /// <returns>The head after it.</returns>
    public static AuditHead Append(
        ArrayBufferWriter<byte> lines, Utf8JsonWriter json, AuditEntry entry, AuditHead before, byte[] key)
    {
        var start = lines.WrittenCount;
        var sequence = before.Sequence + 1;
        json.Reset();
        Write(json, entry, sequence, before.Hash, key);
        json.Flush();
        var body = lines.WrittenSpan[start..];
        var hash = HashOf(before.Hash, body[..^1]);

        // The hash goes in front of the brace that closes the object.
        MemoryMarshal.AsMemory(lines.WrittenMemory).Span[^1] = BeforeHash[0];
        lines.Write(BeforeHash.AsSpan(1));
        lines.Advance(Encoding.ASCII.GetBytes(hash, lines.GetSpan(HashLength)));
        lines.Write(AfterHash);
        lines.Write("\n"u8);
        return new AuditHead(sequence, hash);
    }

    /// <summary>The value of a text that people give: a keyed hash if it looks like a secret.</summary>
    public static string Shown(string text, byte[] key)
    {
        if (LooksSecret(text))
            return HmacOf(text, key);
        return text.Length <= LongestText ? text : $"{text[..LongestText]}...";
    }

    /// <summary>The keyed hash of a secret: the same for the same secret, so that one that leaked can be searched for.</summary>
    public static string HmacOf(string secret, byte[] key) =>
        $"{Hmac}{Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(secret)))}";

    /// <summary>The hash of a line whose beginning, without its hash and its closing brace, is given.</summary>
    public static string HashOf(string before, ReadOnlySpan<byte> body)
    {
        var length = before.Length + body.Length + 1;
        Span<byte> content = length <= OnStack ? stackalloc byte[length] : new byte[length];
        Encoding.ASCII.GetBytes(before, content);
        body.CopyTo(content[before.Length..]);
        content[^1] = (byte)'}';
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>What a line, without its line feed, says of the chain; null if it is no line of an audit.</summary>
    public static ReadLine? Read(ReadOnlySpan<byte> line)
    {
        var body = line.Length - BeforeHash.Length - HashLength - AfterHash.Length;
        if (body <= 0 || !line[body..].StartsWith(BeforeHash) || !line.EndsWith(AfterHash))
            return null;
        var hash = Encoding.ASCII.GetString(line.Slice(body + BeforeHash.Length, HashLength));
        try
        {
            var reader = new Utf8JsonReader(line);
            using var json = JsonDocument.ParseValue(ref reader);
            var root = json.RootElement;
            if (reader.BytesConsumed != line.Length || !root.TryGetProperty("seq", out var sequence)
                || !sequence.TryGetInt64(out var number) || !root.TryGetProperty("prev", out var before)
                || before.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            var torn = root.GetProperty("event").GetString() == Events[(int)AuditEvent.Torn]
                ? root.GetProperty("details").GetProperty(AuditTail.RestHash).GetString()
                : null;
            var head = new AuditHead(number, hash);
            return new ReadLine(head, before.GetString()!, HashOf(before.GetString()!, line[..body]) == hash, torn);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static bool LooksSecret(string text)
    {
        if (text.Contains("sk-ant-", StringComparison.OrdinalIgnoreCase)
            || text.Contains(TokenText.Prefix, StringComparison.Ordinal))
        {
            return true;
        }

        var length = 0;
        var (upper, lower, digit) = (false, false, false);
        foreach (var each in text)
        {
            if (!char.IsAsciiLetterOrDigit(each) && each is not ('+' or '/' or '=' or '_' or '-'))
            {
                length = 0;
                (upper, lower, digit) = (false, false, false);
                continue;
            }

            length++;
            upper |= char.IsAsciiLetterUpper(each);
            lower |= char.IsAsciiLetterLower(each);
            digit |= char.IsAsciiDigit(each);
            if (length >= ShortestSecret && upper && lower && digit)
                return true;
        }

        return false;
    }

    private static void Write(Utf8JsonWriter json, AuditEntry entry, long sequence, string before, byte[] key)
    {
        json.WriteStartObject();
        json.WriteNumber("seq"u8, sequence);
        json.WriteString(
            "time"u8, entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("event"u8, Events[(int)entry.Event]);
        WriteActor(json, entry.Actor, key);
        Optional(json, "rpc", Shown(entry.Rpc, key));
        Optional(json, "agent", Shown(entry.Agent, key));
        Optional(json, "profile", Shown(entry.Profile, key));
        Optional(json, "model", Shown(entry.Model, key));
        Optional(json, "outcome", entry.Outcome);
        Optional(json, "reason", entry.Reason);
        Optional(json, "request_id", entry.RequestId);
        Optional(json, "upstream_id", Shown(entry.UpstreamId, key));
        if (entry.Count > 1)
            json.WriteNumber("count"u8, entry.Count);
        if (entry.InputTokens is { } input)
            json.WriteNumber("input_tokens"u8, input);
        if (entry.OutputTokens is { } output)
            json.WriteNumber("output_tokens"u8, output);
        if (entry.Credential is { } credential)
            json.WriteString("credential"u8, HmacOf(credential.Reveal(), key));
        if (!entry.Details.IsEmpty)
        {
            json.WriteStartObject("details"u8);
            foreach (var (name, value) in entry.Details)
                json.WriteString(name, name == AuditTail.RestHash ? value : Shown(value, key));
            json.WriteEndObject();
        }

        json.WriteString("prev"u8, before);
        json.WriteEndObject();
    }

    private static void WriteActor(Utf8JsonWriter json, AuditActor actor, byte[] key)
    {
        json.WriteStartObject("actor"u8);
        if (actor.Caller is { } caller)
            json.WriteString("client"u8, caller.Client.Name);
        json.WriteString(
            "proof"u8, actor.Caller?.Proof.Kind ?? (ReferenceEquals(actor, AuditActor.Server) ? "server" : "unknown"));
        Optional(json, "id", Shown(actor.Shown, key));
        if (actor.User is { } user)
        {
            json.WriteNumber("uid"u8, user.Uid);
            json.WriteNumber("pid"u8, user.Pid);
        }

        if (actor.Address is { } address)
            json.WriteString("address"u8, address.ToString());
        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
            json.WriteString(name, value);
    }
}

/// <summary>What a line says of the chain.</summary>
/// <param name="Head">The head after it.</param>
/// <param name="Before">The hash of the line before it.</param>
/// <param name="IsWhole">Whether its hash is that of its content.</param>
/// <param name="Torn">The hash of the cut line that it closes; null if it closes none.</param>
internal sealed record ReadLine(AuditHead Head, string Before, bool IsWhole, string? Torn);
