using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClawGrpc.Json5;
using CsCheck;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>Properties of every document, checked on ten thousand generated ones.</summary>
public partial class Json5PropertyTests
{
    private const int Count = 10_000;

    private static readonly string[] Spoilers =
        ["{", "]", ",", ":", "'", "\"", "\\", "/*", "//", "0", "x", "\n", "\0", "\ud800", "😀"];

    [Fact]
    public void Every_document_means_the_value_it_was_made_from() => ForEach((_, value, text) =>
        Assert.Equal(ValueForm.Of(value), ValueForm.Of(Json5Document.Parse(text).Root)));

    [Fact]
    public void Every_value_that_is_written_is_read_again() => ForEach((generator, value, text) =>
    {
        var written = Json5Document.Parse(text).SetValue([], generator.Chance(0.5) ? value : null).SetValue([], value);
        Assert.Equal(ValueForm.Of(value), ValueForm.Of(written.Root));
    });

    [Fact]
    public void Replacing_a_value_changes_its_span_and_nothing_else() => ForEach((generator, value, text) =>
    {
        var document = Json5Document.Parse(text);
        var path = PathInto(generator, value);
        var span = document.Find([.. path])!.Span;
        var next = generator.Value(2);

        var edited = document.SetValue([.. path], next);

        Assert.StartsWith(text[..span.Start], edited.Text, StringComparison.Ordinal);
        Assert.EndsWith(text[span.End..], edited.Text, StringComparison.Ordinal);
        Assert.Equal(ValueForm.Of(Replaced(value, path, next)), ValueForm.Of(edited.Root));
    });

    [Fact]
    public void Adding_keeps_everything_that_is_there() => ForEach((generator, value, text) =>
    {
        var path = PathInto(generator, value);
        var expected = value?.DeepClone();
        var added = generator.Value(2);
        var document = Json5Document.Parse(text);
        Json5Document edited;
        switch (path.Aggregate(expected, Child))
        {
            case JsonObject members:
                var key = generator.Key() + "+";
                members.Add(key, added?.DeepClone());
                edited = document.SetValue([.. path, key], added);
                break;
            case JsonArray items:
                var index = generator.Below(items.Count + 1);
                items.Insert(index, added?.DeepClone());
                edited = index == items.Count - 1 && generator.Chance(0.5)
                    ? document.Append([.. path], added)
                    : document.Insert([.. path], index, added);
                break;
            default:
                return;
        }

        Assert.Equal(ValueForm.Of(expected), ValueForm.Of(edited.Root));
        Assert.Equal(Comments(text), Comments(edited.Text));
        Assert.True(IsWithin(Blanks().Replace(text, ""), Blanks().Replace(edited.Text, "")), edited.Text);
    });

    [Fact]
    public void Removing_keeps_every_comment_and_every_other_value() => ForEach((generator, value, text) =>
    {
        var path = PathInto(generator, value);
        if (path.Count == 0)
            return;

        var expected = value!.DeepClone();
        _ = path.SkipLast(1).Aggregate(expected, Child!) switch
        {
            JsonObject parent => parent.Remove(path[^1].Key!),
            var items => Remove(items!.AsArray(), path[^1].Index),
        };
        var document = Json5Document.Parse(text);
        var removed = document.Find([.. path.SkipLast(1)]) is Json5Object members
            ? members.Find(path[^1].Key!)!.KeySpan with { End = document.Find([.. path])!.Span.End }
            : document.Find([.. path])!.Span;
        var edited = document.Remove([.. path]);

        Assert.Equal(ValueForm.Of(expected), ValueForm.Of(edited.Root));
        Assert.True(IsWithin(Blanks().Replace(edited.Text, ""), Blanks().Replace(text, "")), edited.Text);

        // Removing a repeated key also removes the comments of its other values.
        var outside = Comments(text[..removed.Start] + text[removed.End..]);
        Assert.True(outside.SequenceEqual(Comments(edited.Text)) || HasRepeatedKeys(document.Root), edited.Text);
    });

    [Fact]
    public void Spoiled_document_is_read_or_refused_with_its_place() => ForEach((generator, _, text) =>
    {
        var at = generator.Below(text.Length + 1);
        var spoiled = generator.Below(3) switch
        {
            0 => text[..at],
            1 => text.Insert(at, generator.Pick(Spoilers)),
            _ => text.Remove(Math.Min(at, text.Length - 1), 1),
        };
        try
        {
            Assert.NotNull(Json5Document.Parse(spoiled).Root);
        }
        catch (Json5Exception exception)
        {
            Assert.InRange(exception.Position.Line, 1, spoiled.Count(unit => unit == '\n') + 1);
            Assert.InRange(exception.Position.Column, 0, spoiled.Length + 1);
        }
    });

    private static void ForEach(Action<DocumentGenerator, JsonNode?, string> property) =>
        DocumentGenerator.Documents.Sample(property, iter: Count, print: made => made.Item3);

    private static List<Json5Step> PathInto(DocumentGenerator generator, JsonNode? value)
    {
        var path = new List<Json5Step>();
        while (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } && generator.Chance(0.8))
        {
            path.Add(value is JsonObject members
                ? generator.Pick(members.Select(member => member.Key).ToList())
                : (Json5Step)generator.Below(value.AsArray().Count));
            value = Child(value, path[^1]);
        }

        return path;
    }

    private static JsonNode? Child(JsonNode? value, Json5Step step) => step.Key is { } key ? value![key] : value![step.Index];

    private static JsonNode? Replaced(JsonNode? value, List<Json5Step> path, JsonNode? next)
    {
        if (path.Count == 0)
            return next;

        var root = value!.DeepClone();
        var parent = path.SkipLast(1).Aggregate(root, Child!)!;
        _ = path[^1].Key is { } key ? parent[key] = next?.DeepClone() : parent[path[^1].Index] = next?.DeepClone();
        return root;
    }

    private static bool Remove(JsonArray items, int index)
    {
        items.RemoveAt(index);
        return true;
    }

    private static List<string> Comments(string text) => [.. CommentNumbers().Matches(text).Select(match => match.Value)];

    private static bool HasRepeatedKeys(Json5Value value) => value switch
    {
        Json5Object members => members.EffectiveMembers().Count() < members.Members.Length
            || members.Members.Any(member => HasRepeatedKeys(member.Value)),
        Json5Array items => items.Items.Any(HasRepeatedKeys),
        _ => false,
    };

    /// <summary>Whether all characters of one text are in the other, in their order.</summary>
    private static bool IsWithin(string part, string whole)
    {
        var found = 0;
        foreach (var unit in whole)
            found += found < part.Length && part[found] == unit ? 1 : 0;

        return found == part.Length;
    }

    [GeneratedRegex(@"(//|/\*) c\d+\.")]
    private static partial Regex CommentNumbers();

    [GeneratedRegex(@"[\s\ufeff]+")]
    private static partial Regex Blanks();
}
