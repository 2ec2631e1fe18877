namespace ClawGrpc.Core.Tests;

/// <summary>What is shown of texts into which somebody may have pasted a secret.</summary>
public class SecretTextTests
{
    private const string Token = "claw_abcdefghijkl_0123456789012345678901234567890123456789012_abcdef";

    [Theory]
    [InlineData("Unknown agent \"sk-ant-api03-FAKE-0001\".", "Unknown agent \"sk-ant-…\".")]
    [InlineData($"No token {Token}, and no {Token}.", "No token claw_…, and no claw_….")]
    [InlineData("It begins with sk-ant-oat01-.", "It begins with sk-ant-oat01-.")]
    [InlineData("The key sk-ant-a...00000001 is refused.", "The key sk-ant-a...00000001 is refused.")]
    [InlineData("claw_abc", "claw_abc")]
    [InlineData("", "")]
    public void Error_keeps_the_beginning_of_a_secret_alone(string text, string shown) =>
        Assert.Equal(shown, SecretText.ForError(text));

    [Theory]
    [InlineData("anthropic:sk-ant-api03-FAKE", true)]
    [InlineData(Token, true)]
    [InlineData("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MDAwMQ==", true)]
    [InlineData("anthropic/claude-opus-4-6", false)]
    [InlineData("anthropic:me@example.com", false)]
    public void Log_hides_the_whole_text(string text, bool isHidden) =>
        Assert.Equal(isHidden ? SecretText.Hidden : text, SecretText.ForLog(text));
}
