using System.Text.Json;
using ClawGrpc.Json5;
using Xunit.Abstractions;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>
/// Compares with the reference implementation's answers: the recorded ones, or those that tests/openclaw/json5/run.sh has just
/// written to the file named in JSON5_CORPUS.
/// </summary>
public class Json5ReferenceTests(ITestOutputHelper output)
{
    private static string CorpusPath => Environment.GetEnvironmentVariable("JSON5_CORPUS")
        ?? Path.Combine(AppContext.BaseDirectory, "Json5", "reference.jsonl");

    [Fact]
    public void Every_text_is_read_or_refused_as_the_reference_does()
    {
        var cases = File.ReadLines(CorpusPath)
            .Select(line => JsonSerializer.Deserialize<Verdict>(line, JsonSerializerOptions.Web)!).ToList();
        var different = cases.Select(expected => (expected, actual: Ours(expected.Text)))
            .Where(pair => pair.expected != pair.actual).ToList();

        output.WriteLine($"{cases.Count} texts, {cases.Count(expected => expected.Error is null)} read, "
            + $"{cases.Count(expected => expected.Error is not null)} refused, {different.Count} different");
        Assert.Equal(different.Take(10).Select(pair => pair.expected), different.Take(10).Select(pair => pair.actual));
        Assert.NotEmpty(cases);
    }

    private static Verdict Ours(string text)
    {
        try
        {
            return new Verdict(text, ValueForm.Of(Json5Document.Parse(text).Root), null);
        }
        catch (Json5Exception exception)
        {
            Assert.EndsWith($" at {exception.Position}", exception.Message, StringComparison.Ordinal);
            return new Verdict(text, null, exception.Message);
        }
    }

    private sealed record Verdict(string Text, string? Value, string? Error);
}
