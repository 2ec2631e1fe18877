using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace ClawGrpc.Core.Anthropic;

/// <summary>Collects everything that is wrong with a request, so that the caller hears of all of it at once.</summary>
internal sealed class FieldErrors
{
    private readonly List<FieldError> _errors = [];
    private readonly List<(string Name, int Index)> _inside = new(4);

    /// <summary>What is wrong so far; empty if nothing is.</summary>
    public ImmutableArray<FieldError> All => [.. _errors];

    /// <summary>Whether nothing is wrong so far.</summary>
    public bool IsEmpty => _errors.Count == 0;

    /// <summary>Prefixes what is added from now on with this message field, until <see cref="Leave"/>.</summary>
    /// <param name="name">The field; empty if the whole request is meant.</param>
    public void Enter(string name) => _inside.Add((name, -1));

    /// <summary>
    /// Prefixes what is added from now on with this item, until <see cref="Leave"/>. Only an error puts the path together.
    /// </summary>
    /// <param name="name">The field.</param>
    /// <param name="index">The item's position, from 0.</param>
    public void Enter(string name, int index) => _inside.Add((name, index));

    /// <summary>Takes the last prefix away.</summary>
    public void Leave() => _inside.RemoveAt(_inside.Count - 1);

    /// <summary>Adds an error.</summary>
    /// <param name="path">The field; empty for the item itself.</param>
    /// <param name="description">What is wrong with it.</param>
    public void Add(string path, string description)
    {
        var parts = _inside.Select(
            item => item.Index < 0 ? item.Name : string.Create(CultureInfo.InvariantCulture, $"{item.Name}[{item.Index}]"));
        _errors.Add(new FieldError(string.Join('.', parts.Append(path).Where(part => part.Length > 0)), description));
    }

    /// <summary>Adds errors.</summary>
    /// <param name="errors">Any.</param>
    public void Add(ImmutableArray<FieldError> errors)
    {
        foreach (var error in errors)
            Add(error.Path, error.Description);
    }

    /// <summary>Adds an error if there is no text.</summary>
    /// <param name="path">The field.</param>
    /// <param name="value">Its value.</param>
    public void Required(string path, string value)
    {
        if (value.Length == 0)
            Add(path, "is required");
    }

    /// <summary>Whether the bytes are one JSON value of this kind; adds what is wrong with them.</summary>
    /// <param name="path">The field.</param>
    /// <param name="json">Its bytes.</param>
    /// <param name="kind">What it must begin with; null if any value will do.</param>
    public bool IsJson(string path, ReadOnlySpan<byte> json, JsonTokenType? kind = JsonTokenType.StartObject)
    {
        if (json.IsEmpty)
        {
            Add(path, "is required, as JSON");
            return false;
        }

        if (!Utf8.IsValid(json))
        {
            Add(path, "is not valid UTF-8");
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
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
