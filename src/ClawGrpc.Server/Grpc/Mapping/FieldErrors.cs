using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using ClawGrpc.Core.Anthropic;
using Google.Protobuf;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>Collects what is wrong with the fields of one message, so that a caller hears of all of it at once.</summary>
internal sealed class FieldErrors
{
    private readonly List<FieldError> _errors = [];
    private readonly List<(string Name, int Index)> _inside = new(4);

    public ImmutableArray<FieldError> All => [.. _errors];

    /// <summary>What is added from now on is inside of this item, until <see cref="Leave"/>. Its path is put together only for an error.</summary>
    public void Enter(string name, int index) => _inside.Add((name, index));

    public void Leave() => _inside.RemoveAt(_inside.Count - 1);

    /// <param name="path">The field; empty: the item itself.</param>
    /// <param name="description">What is wrong with it.</param>
    public void Add(string path, string description) => _errors.Add(new FieldError(
        string.Join('.', _inside.Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Name}[{item.Index}]")).Append(path).Where(part => part.Length > 0)),
        description));

    public void Required(string path, string value)
    {
        if (value.Length == 0)
            Add(path, "is required");
    }

    /// <summary>Whether the bytes are one JSON value of this kind; adds what is wrong with them.</summary>
    /// <param name="path">The field.</param>
    /// <param name="json">Its bytes.</param>
    /// <param name="kind">What it must begin with; null: any value will do.</param>
    public bool IsJson(string path, ByteString json, JsonTokenType? kind = JsonTokenType.StartObject)
    {
        if (json.IsEmpty)
        {
            Add(path, "is required, as JSON");
            return false;
        }

        if (!Utf8.IsValid(json.Span))
        {
            Add(path, "is not valid UTF-8");
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
            reader.Read();
            var first = reader.TokenType;
            reader.Skip();
            reader.Read();
            if (kind is null || kind == first)
                return true;
            Add(path, "must be a JSON object");
        }
        catch (JsonException wrong)
        {
            Add(path, $"is not JSON at line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}");
        }

        return false;
    }
}
