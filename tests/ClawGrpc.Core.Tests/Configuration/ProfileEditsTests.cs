using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Configuration;

public class ProfileEditsTests
{
    private static readonly DeclaredProfile Work = new("anthropic:work", "anthropic", "api_key");

    [Fact]
    public void First_profile_starts_the_file() => Assert.Equal(
        """
        {
          "auth": {
            "profiles": {
              "anthropic:work": {
                "provider": "anthropic",
                "mode": "api_key"
              }
            }
          }
        }

        """,
        ProfileEdits.Apply(ConfigurationEdit.NoFile, Work));

    [Fact]
    public void New_profile_goes_first_in_an_existing_order() => Assert.Equal(
        """
        // mine
        {
          auth: {
            profiles: {
              'anthropic:work': { mode: 'api_key', provider: 'anthropic' }, // the company's
            },
            order: { Anthropic: ['anthropic:work', 'anthropic:home'], openai: ['x'] }, // home before work
          },
        }
        """,
        ProfileEdits.Apply(
            """
            // mine
            {
              auth: {
                profiles: {
                  'anthropic:work': { mode: 'token', provider: 'anthropic', email: 'me@example.com' }, // the company's
                },
                order: { Anthropic: ['anthropic:home', 'anthropic:work'], openai: ['x'] }, // home before work
              },
            }
            """,
            Work));

    [Fact]
    public void Declaring_a_declared_profile_changes_nothing()
    {
        const string Text = "{ auth: { profiles: { 'anthropic:work': { provider: 'anthropic', mode: 'api_key', email: 'a@b' } }, "
            + "order: { anthropic: ['anthropic:work', 'x'] } } }";
        Assert.Equal(Text, ProfileEdits.Apply(Text, Work with { Email = "a@b" }));
    }

    [Fact]
    public void Email_is_kept_with_the_profile() => Assert.Equal(
        "{ auth: { profiles: { 'anthropic:work': { provider: 'anthropic', mode: 'oauth', email: 'me@example.com' } } } }",
        ProfileEdits.Apply("{ auth: { profiles: { 'anthropic:work': { provider: 'anthropic' } } } }",
            Work with { Mode = "oauth", Email = "me@example.com" }));

    [Theory]
    [InlineData("{ auth: { profiles: { 'anthropic:work': {}, b: {} } } }", "{ auth: { profiles: { b: {} } } }")]
    [InlineData("{ auth: { order: { a: ['anthropic:work'], b: ['anthropic:work', 'x', 'anthropic:work'] } } }",
        "{ auth: { order: { b: ['x'] } } }")]
    [InlineData("{ auth: { order: { a: [] } } }", "{ auth: { order: { a: [] } } }")]
    [InlineData("{}", "{}")]
    public void Removed_profile_leaves_order_and_declarations(string before, string after) =>
        Assert.Equal(after, ProfileEdits.Remove(before, "anthropic:work"));
}
