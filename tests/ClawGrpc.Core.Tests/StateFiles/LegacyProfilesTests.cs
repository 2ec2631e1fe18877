using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.StateFiles;

public class LegacyProfilesTests
{
    [Fact]
    public void Each_provider_of_auth_json_becomes_a_default_profile()
    {
        var text = Imported("""
            {"anthropic":{"type":"api_key","key":"k","email":"e","refresh":"no"},
             "openai":{"provider":"openai","type":"token","token":"t","expires":"soon"},
             "odd":{"type":"magic"},"blank":7}
            """, null);

        Assert.Equal("""
            {
              "version": 1,
              "profiles": {
                "anthropic:default": {
                  "type": "api_key",
                  "provider": "anthropic",
                  "key": "k",
                  "email": "e"
                },
                "openai:default": {
                  "type": "token",
                  "provider": "openai",
                  "token": "t"
                }
              }
            }

            """, text, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Legacy_login_becomes_a_profile_unless_the_provider_has_one()
    {
        const string logins = """{"anthropic":{"access":"a","refresh":"r","expires":5,"scope":"s"}}""";

        Assert.Contains("\"access\": \"a\"", Imported(null, logins), StringComparison.Ordinal);
        Assert.Contains("\"scope\": \"s\"", Imported(null, logins), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "\"access\"", Imported("""{"anthropic":{"type":"api_key","key":"k"}}""", logins), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"profiles":{},"anthropic":{"type":"api_key","key":"k"}}""")]
    public void Empty_legacy_files_give_no_import(string? authJson) =>
        Assert.Null(LegacyProfiles.Read(authJson, null));

    [Fact]
    public void Import_replaces_nothing_and_prints_no_secret()
    {
        var before = AuthProfilesFile.Empty.With(
            new PutProfile("anthropic:default", new ApiKeyCredential("anthropic", new Secret("mine"))));
        var import = LegacyProfiles.Read("""{"anthropic":{"type":"api_key","key":"theirs"}}""", null)!;

        Assert.Equal(before.ToText(), before.With(import).ToText());
        Assert.DoesNotContain("theirs", import.ToString(), StringComparison.Ordinal);
    }

    private static string Imported(string? authJson, string? oauthJson) =>
        AuthProfilesFile.Empty.With(LegacyProfiles.Read(authJson, oauthJson)!).ToText();
}
