using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ClawGrpc.Cli.Rendering;

/// <summary>JSON as JavaScript's <c>JSON.stringify</c> writes it: two spaces, line feeds, no unnecessary escapes.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes one document and a line feed.</summary>
    /// <param name="writer">The output.</param>
    /// <param name="write">Writes the value.</param>
    /// <param name="oneLine">Whether to write one line, for streams of documents.</param>
    public static void WriteDocument(TextWriter writer, Action<Utf8JsonWriter> write, bool oneLine = false)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, oneLine ? Indented with { Indented = false } : Indented))
            write(json);

        writer.Write(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
        writer.Write('\n');
        writer.Flush();
    }

    /// <summary>Writes a document of one text.</summary>
    public static void WriteText(TextWriter writer, string name, string value) => WriteDocument(writer, json =>
    {
        json.WriteStartObject();
        json.WriteString(name, value);
        json.WriteEndObject();
    });

    /// <summary>Writes a member with an array of strings.</summary>
    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>Writes a member unless its value is empty.</summary>
    public static void WriteOptional(this Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
            json.WriteString(name, value);
    }
}
