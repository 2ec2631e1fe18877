using System.Text.Json;
using ClawGrpc.Testing;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Asserts that two texts are the same JSON.</summary>
internal static class AssertJson
{
    public static void Same(string expected, ReadOnlyMemory<byte> actual, string what = "")
    {
        using var wanted = JsonDocument.Parse(expected);
        Same(wanted.RootElement, actual, what);
    }

    public static void Same(JsonElement expected, ReadOnlyMemory<byte> actual, string what = "")
    {
        if (SameJson.Difference(expected, actual) is { } difference)
            Assert.Fail($"{what}: {difference}");
    }
}
