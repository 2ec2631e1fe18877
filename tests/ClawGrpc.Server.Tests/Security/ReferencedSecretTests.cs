using ClawGrpc.Server.Tests.Harness;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Secrets that files name and that are kept elsewhere: looked up when needed, never written, refused by name.</summary>
public class ReferencedSecretTests
{
    private const string OfVariable = """{ "source": "env", "provider": "default", "id": "CLAW_TEST_KEY" }""";
    private const string Variable = $"env: {{ CLAW_TEST_KEY: '{KeyOne}' }}";

    [Theory]
    [InlineData("api_key", $"\"keyRef\": {OfVariable}")]
    [InlineData("api_key", $"\"key\": \"sk-ant-api03-FAKE-older-plain-text-key\", \"keyRef\": {OfVariable}")]
    [InlineData("api_key", $"\"key\": {OfVariable}")]
    [InlineData("api_key", "\"key\": \"${CLAW_TEST_KEY}\"")]
    [InlineData("api_key", "\"key\": \"$CLAW_TEST_KEY\"")]
    [InlineData("token", $"\"tokenRef\": {OfVariable}")]
    [InlineData("token", "\"tokenRef\": { \"source\": \"env\", \"id\": \"CLAW_TEST_KEY\" }")]
    public async Task Reference_to_a_variable_serves_and_stays_in_the_file(string type, string members)
    {
        await using var fixture = await ServerFixture.StartAsync(Variable);
        await WriteAsync(fixture, members, type);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
        await fixture.StopServerAsync();

        // The health was written, and the entry is as it was.
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        Assert.Contains("usageStats", text, StringComparison.Ordinal);
        Assert.DoesNotContain(KeyOne, text, StringComparison.Ordinal);
        Assert.Contains(Entry(members, type), text.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reference_to_the_environment_follows_it()
    {
        const string name = "CLAW_TEST_FOLLOWED_KEY";
        try
        {
            Environment.SetEnvironmentVariable(name, KeyOne);
            await using var fixture = await ServerFixture.StartAsync();
            await WriteAsync(fixture, $$"""  "keyRef": { "source": "env", "provider": "default", "id": "{{name}}" }""");
            await fixture.StreamAsync();
            Environment.SetEnvironmentVariable(name, KeyTwo);
            await fixture.StreamAsync();
            Assert.Equal([KeyOne, KeyTwo], fixture.Sandbox.Requests.Select(request => request.Credential));
        }
        finally
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Theory]
    [InlineData("mode: 'singleValue'", "value", "{0}\n")]
    [InlineData("mode: 'json'", "/anthropic/key~1one", """{{ "anthropic": {{ "key/one": "{0}" }} }}""")]
    [InlineData("", "/list/1", """{{ "list": ["x", "{0}"] }}""")]
    public async Task Reference_to_a_file_follows_it(string mode, string id, string content)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(
            fixture.Sandbox.BaseUrl,
            $"secrets: {{ providers: {{ mine: {{ source: 'file', path: '~/mine.txt', {mode} }} }}, "
                + "defaults: { file: 'mine' } }");
        await fixture.StartServerAsync();
        await WriteAsync(fixture, $$"""  "keyRef": { "source": "file", "provider": "mine", "id": "{{id}}" }""");
        Assert.Contains("there is no such file", (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
        foreach (var key in new[] { KeyOne, KeyTwo })
        {
            await File.WriteAllTextAsync(fixture.Files["mine.txt"], string.Format(null, content, key));
            Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        }

        Assert.Equal([KeyOne, KeyTwo], fixture.Sandbox.Requests.Select(request => request.Credential));
        Assert.Empty((await fixture.StatusAsync()).Auth.UnusableProfiles);
    }

    [Fact]
    public async Task File_reference_without_a_provider_names_the_file()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await File.WriteAllTextAsync(fixture.Files["key.txt"], $"{KeyOne}\n");
        await WriteAsync(
            fixture, $$"""  "keyRef": { "source": "file", "provider": "default", "id": "{{fixture.Files["key.txt"]}}" }""");
        await fixture.StreamAsync();
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
    }

    [Theory]
    [InlineData("600", true, false)]
    [InlineData("640", true, true)]
    [InlineData("644", true, true)]
    [InlineData("660", false, false)]
    [InlineData("602", false, false)]
    public async Task Secret_file_that_others_can_write_is_unusable(string mode, bool serves, bool warns)
    {
        await using var fixture = await ServerFixture.StartAsync();
        var path = fixture.Files["key.txt"];
        await File.WriteAllTextAsync(path, KeyOne);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        await WriteAsync(fixture, $$"""  "keyRef": { "source": "file", "provider": "default", "id": "{{path}}" }""");
        for (var call = 0; call < 2; call++)
        {
            var answer = await fixture.StreamAsync();
            if (serves)
                Assert.Equal($"{One} served", answer.Attempts);
            else
                Assert.Contains("can be written by others than its owner", answer.Failed.Message, StringComparison.Ordinal);
        }

        Assert.Equal(warns ? 1 : 0, fixture.Log.All.Count(line =>
            line.Contains($"The secret in {path} can be read by others than its owner (mode {mode})", StringComparison.Ordinal)));

        // Its mode alone is a change.
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("600", 8));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Theory]
    [InlineData("""{ "source": "exec", "provider": "vault", "id": "claude/key" }""", "exec:vault:claude/key", "runs no programs")]
    [InlineData("""{ "source": "env", "provider": "default", "id": "CLAW_TEST_UNSET" }""", "env:default:CLAW_TEST_UNSET",
        "no such variable")]
    [InlineData("""{ "source": "env", "provider": "other", "id": "CLAW_TEST_KEY" }""", "env:other:CLAW_TEST_KEY",
        "no such provider")]
    [InlineData("""{ "source": "file", "provider": "default", "id": "/no/such/file" }""", "file:default:/no/such/file",
        "there is no such file")]
    [InlineData("""{ "source": "keychain", "provider": "default", "id": "x" }""", "keychain:default:x", "is not supported")]
    [InlineData("""{ "source": "env", "provider": "default", "id": "sk-ant-api03-FAKE-secret-part" }""",
        "env:default:(not shown)", "not the name of a variable")]
    public async Task Reference_that_cannot_be_resolved_is_unusable(string reference, string shown, string why)
    {
        await using var fixture = await ServerFixture.StartAsync(Variable);
        await WriteAsync(fixture, $"\"keyRef\": {reference}");
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal("MISSING_CREDENTIALS", failed.Reason);
        Assert.Contains($"{One} (the reference {shown} cannot be resolved: ", failed.Message, StringComparison.Ordinal);
        Assert.Contains(why, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-part", failed.Exception.ToString(), StringComparison.Ordinal);

        var auth = (await fixture.StatusAsync()).Auth;
        var unusable = auth.UnusableProfiles.Single();
        Assert.Equal((One, "disabled", "unresolved_ref"), (unusable.ProfileId, unusable.Kind, unusable.Reason));
        Assert.Contains(why, unusable.RecoveryHint, StringComparison.Ordinal);
        Assert.Equal(
            $"{One}=ref({shown}) [disabled:unresolved_ref]",
            auth.Providers.Single(provider => provider.Provider == "anthropic").Labels.Single());
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Referenced_secret_with_a_line_break_is_unusable()
    {
        await using var fixture = await ServerFixture.StartAsync("env: { CLAW_TEST_KEY: 'sk-ant-api03-FAKE\\r\\nx-header: 1' }");
        await WriteAsync(fixture, $"\"keyRef\": {OfVariable}");
        Assert.Contains(
            "the key holds a line break at position 18", (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
        Assert.Equal("invalid_credential", (await fixture.StatusAsync()).Auth.UnusableProfiles.Single().Reason);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Configured_key_and_header_may_be_references()
    {
        const string references = """
            apiKey: { source: "env", provider: "default", id: "CLAW_TEST_KEY" },
            headers: { "X-Gateway": { source: "file", provider: "mine", id: "value" }, "X-Gone": { source: "exec", id: "x" } }
            """;
        await using var fixture = await ServerFixture.StartAsync(
            $"{Variable}, secrets: {{ providers: {{ mine: {{ source: 'file', path: '~/header.txt', mode: 'singleValue' }} }} }}",
            references);
        foreach (var value in new[] { "first", "second" })
        {
            await File.WriteAllTextAsync(fixture.Files["header.txt"], $"{value}\n");
            Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        }

        Assert.Equal(["first", "second"], fixture.Sandbox.Requests.Select(request => request.Header("x-gateway")));
        Assert.All(fixture.Sandbox.Requests, request => Assert.Equal(KeyOne, request.Credential));
        var unusable = (await fixture.StatusAsync()).Auth.UnusableProfiles.Single();
        Assert.Equal(("models.providers.anthropic.headers.X-Gone", "unresolved_ref"), (unusable.ProfileId, unusable.Reason));
    }

    [Theory]
    [InlineData("{ source: 'exec', provider: 'vault', id: 'claude' }", "exec:vault:claude")]
    [InlineData("{ source: 'env', provider: 'default', id: 'CLAW_TEST_UNSET' }", "env:default:CLAW_TEST_UNSET")]
    public async Task Configured_reference_that_cannot_be_resolved_is_named(string reference, string shown)
    {
        await using var fixture = await ServerFixture.StartAsync("", $"apiKey: {reference}");
        Assert.Contains(
            $"models.json (the reference {shown} cannot be resolved: ", (await fixture.StreamAsync()).Failed.Message,
            StringComparison.Ordinal);
        Assert.Equal("models.json", (await fixture.StatusAsync()).Auth.UnusableProfiles.Single().ProfileId);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task New_credential_replaces_a_reference()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await WriteAsync(fixture, $"\"keyRef\": {OfVariable}");
        await fixture.OnboardAsync();
        await fixture.StreamAsync();
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
        Assert.False(fixture.Files.Profiles().GetProperty("profiles").GetProperty(One).TryGetProperty("keyRef", out _));
    }

    private static Task WriteAsync(ServerFixture fixture, string members, string type = "api_key") =>
        fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": {{Entry(members, type)}} } }""");

    private static string Entry(string members, string type) =>
        $$"""{"type":"{{type}}","provider":"anthropic",{{members.Replace(" ", "", StringComparison.Ordinal)}}}""";
}
