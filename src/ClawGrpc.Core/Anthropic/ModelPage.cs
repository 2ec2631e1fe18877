using System.Collections.Immutable;
using System.Globalization;

namespace ClawGrpc.Core.Anthropic;

/// <summary>A model as upstream lists it (anthropic-api.md, section 1).</summary>
/// <param name="Id">As requests name it.</param>
/// <param name="RawJson">Everything that upstream lists of it.</param>
internal sealed record ListedModel(string Id, ReadOnlyMemory<byte> RawJson)
{
    /// <summary>A display name; empty if there is none.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>When it was made; null if not set.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary><c>active</c>, <c>deprecated</c> or <c>retired</c>; empty if not set.</summary>
    public string Lifecycle { get; init; } = "";

    /// <summary>How many tokens a prompt may have; null if not set.</summary>
    public long? MaxInputTokens { get; init; }

    /// <summary>How many tokens an answer may have; null if not set.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>Whether it takes images; null if not set.</summary>
    public bool? ImageInput { get; init; }

    internal static ListedModel? Read(ReadOnlyMemory<byte> json)
    {
        var members = new JsonMembers(json);
        var id = FoldedMessage.Text(members.Find("id"u8));
        if (id.Length == 0)
            return null;
        var isTime = DateTimeOffset.TryParse(
            FoldedMessage.Text(members.Find("created_at"u8)),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var created);
        var images = new JsonMembers(new JsonMembers(members.Find("capabilities"u8)).Find("image_input"u8))
            .Find("supported"u8).Span;
        return new ListedModel(id, json)
        {
            DisplayName = FoldedMessage.Text(members.Find("display_name"u8)),
            Created = isTime ? created.ToUniversalTime() : null,
            Lifecycle = FoldedMessage.Text(members.Find("lifecycle"u8)),
            MaxInputTokens = UsageCount.Number(members.Find("max_input_tokens"u8)),
            MaxTokens = UsageCount.Number(members.Find("max_tokens"u8)),
            ImageInput = images.SequenceEqual("true"u8) ? true : images.SequenceEqual("false"u8) ? false : null,
        };
    }
}

/// <summary>A page of upstream's list of models.</summary>
/// <param name="Models">In upstream's order, the newest first.</param>
/// <param name="After">What the next page follows (<c>after_id</c>); empty if this is the last.</param>
internal sealed record ModelPage(ImmutableArray<ListedModel> Models, string After)
{
    /// <summary>Reads a page. Entries without an id are left out.</summary>
    /// <exception cref="MalformedAnswerException">It is not a page.</exception>
    public static ModelPage Read(ReadOnlyMemory<byte> json)
    {
        var page = JsonMembers.OfAnswer(json);
        var data = page.Find("data"u8);
        if (!data.Span.StartsWith("["u8))
            throw new MalformedAnswerException("it is JSON, but not a page of models");
        var models = ImmutableArray.CreateBuilder<ListedModel>();
        foreach (var entry in new JsonItems(data))
        {
            if (ListedModel.Read(entry) is { } model)
                models.Add(model);
        }

        var hasMore = page.Find("has_more"u8).Span.SequenceEqual("true"u8);
        return new ModelPage(models.ToImmutable(), hasMore ? FoldedMessage.Text(page.Find("last_id"u8)) : "");
    }
}
