using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace ClawGrpc.Testing;

/// <summary><c>GET /v1/models</c> with its pages, and <c>GET /v1/models/{id}</c> (anthropic-api.md 1).</summary>
internal sealed class ModelsEndpoint(ModelTable models)
{
    public Reply List(string query, string requestId)
    {
        var parameters = QueryHelpers.ParseQuery(query);
        var limit = 20;
        if (parameters.TryGetValue("limit", out var given)
            && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > 1000))
        {
            return Reply.Error(ApiError.Invalid("limit: Input should be between 1 and 1000"), requestId);
        }

        var page = models.All.ToList();
        if (parameters.TryGetValue("after_id", out var after))
        {
            page = page[(page.FindIndex(model => model.Id == after) + 1)..];
        }

        var from = 0;
        if (parameters.TryGetValue("before_id", out var before))
        {
            page = page[..Math.Max(0, page.FindIndex(model => model.Id == before))];
            from = Math.Max(0, page.Count - limit);
        }

        var hasMore = page.Count > limit;
        return Reply.Ok(Json.Bytes(writer => WritePage(writer, page.GetRange(from, Math.Min(limit, page.Count)), hasMore)));
    }

    public Reply Get(string id, string requestId) => models.Find(id) is { } model
        ? Reply.Ok(Json.Bytes(writer => Write(writer, model)))
        : Reply.Error(ApiError.Of(404, $"model: {id}"), requestId);

    private static void WritePage(Utf8JsonWriter writer, List<ModelEntry> page, bool hasMore)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data");
        page.ForEach(model => Write(writer, model));
        writer.WriteEndArray();
        writer.WriteBoolean("has_more", hasMore);
        writer.WriteString("first_id", page.FirstOrDefault()?.Id);
        writer.WriteString("last_id", page.LastOrDefault()?.Id);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ModelEntry model)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "model");
        writer.WriteString("id", model.Id);
        writer.WriteString("display_name", model.DisplayName);
        writer.WriteString("created_at", model.CreatedOn + "T00:00:00Z");
        writer.WriteString("lifecycle", model.Id == "claude-mythos-preview" ? "deprecated" : "active");
        writer.WriteString("line", model.Line);
        writer.WriteNumber("max_input_tokens", model.MaxInput);
        writer.WriteNumber("max_tokens", model.MaxOutput);
        writer.WriteStartObject("capabilities");
        foreach (var capability in new[] { "batch", "citations", "image_input", "pdf_input", "structured_outputs" })
        {
            writer.WriteStartObject(capability);
            writer.WriteBoolean("supported", true);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
