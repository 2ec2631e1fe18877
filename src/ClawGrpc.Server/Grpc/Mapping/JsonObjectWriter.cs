using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Writes JSON in which foreign JSON stands as it was given, byte for byte, between what is written here. It always writes the
/// same bytes for the same values: a prompt cache matches its prefix byte for byte.
/// </summary>
/// <param name="about">How many bytes it will be; more is possible.</param>
internal sealed class JsonObjectWriter(int about) : IDisposable
{
    private static readonly JsonWriterOptions AsIs = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly ArrayBufferWriter<byte> _json = new(about);
    private Utf8JsonWriter? _texts;
    private bool _first = true;

    public ReadOnlyMemory<byte> Json => _json.WrittenMemory;

    public JsonObjectWriter Open(char bracket)
    {
        Byte(bracket);
        _first = true;
        return this;
    }

    public void Close(char bracket)
    {
        Byte(bracket);
        _first = false;
    }

    /// <summary>The beginning of an item of an array.</summary>
    public JsonObjectWriter Item()
    {
        if (!_first)
            Byte(',');
        _first = false;
        return this;
    }

    /// <summary>The beginning of a member; the name needs no escapes.</summary>
    public JsonObjectWriter Name(string name)
    {
        Item();
        Byte('"');
        Encoding.UTF8.GetBytes(name, _json);
        Byte('"');
        Byte(':');
        return this;
    }

    public void Member(string name, string text) => Name(name).Text(text);

    public void Member(string name, long number) => Name(name).Number(number);

    public void Member(string name, bool truth) => Name(name).Plain(truth ? "true" : "false");

    public void Text(string text)
    {
        // The writer makes room for three times as many bytes as it needs mostly: a text without escapes is written without it.
        var room = _json.GetSpan(Encoding.UTF8.GetByteCount(text) + 2);
        var length = Encoding.UTF8.GetBytes(text, room[1..]);
        if (AsIs.Encoder!.FindFirstCharacterToEncodeUtf8(room.Slice(1, length)) < 0)
        {
            (room[0], room[length + 1]) = ((byte)'"', (byte)'"');
            _json.Advance(length + 2);
            return;
        }

        _texts ??= new Utf8JsonWriter(_json, AsIs);
        _texts.Reset(_json);
        _texts.WriteStringValue(text);
        _texts.Flush();
    }

    public void Number(long number) => Plain(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A finite number, in the shortest form that gives the same number back.</summary>
    public void Number(double number) => Plain(number.ToString("R", CultureInfo.InvariantCulture));

    public void Base64(ReadOnlySpan<byte> bytes)
    {
        Byte('"');
        var room = _json.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(bytes.Length));
        System.Buffers.Text.Base64.EncodeToUtf8(bytes, room, out _, out var written);
        _json.Advance(written);
        Byte('"');
    }

    public void Raw(ReadOnlySpan<byte> json) => _json.Write(json);

    /// <summary>The members of a JSON object, as they are and in their order.</summary>
    public void Members(ReadOnlyMemory<byte> json)
    {
        foreach (var (name, value) in new JsonMembers(json))
        {
            Item();
            Byte('"');
            Raw(name.Span);
            Byte('"');
            Byte(':');
            Raw(value.Span);
        }
    }

    public void Dispose() => _texts?.Dispose();

    private void Plain(string text) => Encoding.UTF8.GetBytes(text, _json);

    private void Byte(char ascii)
    {
        _json.GetSpan(1)[0] = (byte)ascii;
        _json.Advance(1);
    }
}
