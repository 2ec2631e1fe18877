using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>Reads and writes valid stores.</summary>
internal static class StoreText
{
    public const string Key = "sk-ant-api03-FAKE-KEY-ONE-00000000000000000001";

    public static AuthProfilesFile Read(string text) =>
        AuthProfilesFile.TryParse(text, out var file, out var error)
            ? file
            : throw new InvalidOperationException(error.ToString());

    /// <summary>The text after these changes.</summary>
    public static string After(string text, params StoreChange[] changes) => Read(text).With(changes).ToText();

    public static DateTimeOffset Ms(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static Secret Secret(string text) => new(text);

    public static ApiKeyCredential ApiKey(string key = Key) => new("anthropic", new Secret(key));

    public static void AssertSame(ProfileHealth expected, ProfileHealth actual)
    {
        Assert.Equal(expected.FailureCounts, actual.FailureCounts);
        Assert.Equal(expected.Routes, actual.Routes);
        Assert.Equal(Plain(expected), Plain(actual));

        static ProfileHealth Plain(ProfileHealth health) =>
            health with { FailureCounts = ProfileHealth.Unknown.FailureCounts, Routes = ProfileHealth.Unknown.Routes };
    }
}
