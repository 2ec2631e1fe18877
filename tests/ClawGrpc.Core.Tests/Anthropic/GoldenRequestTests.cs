using System.Text;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Compares whole requests with golden files; <c>golden/prompt.json</c> is the caller's.</summary>
public class GoldenRequestTests
{
    private const string Key = "sk-ant-api03-FAKE-0123456789-abcdefgh";
    private const string Token = "sk-ant-oat01-FAKE-0123456789-abcdefgh";

    [Theory]
    [InlineData("key-none", Key, Retention.None, false)]
    [InlineData("key-short", Key, Retention.Short, false)]
    [InlineData("key-long", Key, Retention.Long, false)]
    [InlineData("token-long", Token, Retention.Long, false)]
    [InlineData("token-long-applied", Token, Retention.Long, true)]
    internal void Request_is_sent_as_in_its_golden_file(string file, string credential, Retention retention, bool onSubscription)
    {
        var cache = new CacheSettings
        {
            Call = retention,
            IsSubscription = credential == Token,
            CacheOnSubscription = onSubscription
        };
        var request = RequestBody.Parse(File.ReadAllBytes(Golden("prompt.json")), AnthropicVersion.Default, out _)!;
        var plan = CachePolicy.Plan(request, cache);
        var headers = RequestHeaders.Build(new RequestHeaderInput
        {
            Credential = new Secret(credential),
            ProductVersion = "1.2.3",
            Stream = true,
            Betas = ["interleaved-thinking-2025-05-14"],
            Configured = [KeyValuePair.Create(
                "anthropic-beta", "context-management-2025-06-27"), KeyValuePair.Create("X-Team", "blue")],
            HasOneHour = plan.HasOneHour,
            Cache = cache,
        });
        var body = Encoding.UTF8.GetString(request.Render(new RequestDecisions("claude-opus-4-6", true, 8192, plan)).Span);
        var sent = string.Join('\n', headers.Select(header => $"{header.Name}: {header.Value.Reveal()}")) + "\n\n" + body;
        Assert.Equal(File.ReadAllText(Golden($"{file}.txt")), sent);
    }

    private static string Golden(string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ClawGrpc.sln")))
            root = root.Parent!;
        return Path.Combine(root.FullName, "tests", "ClawGrpc.Core.Tests", "Caching", "golden", name);
    }
}
