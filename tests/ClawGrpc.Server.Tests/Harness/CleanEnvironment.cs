using System.Runtime.CompilerServices;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>Keys and addresses in the environment of whoever runs the tests are none of the tests' business.</summary>
internal static class CleanEnvironment
{
    [ModuleInitializer]
    internal static void Clear()
    {
        foreach (var name in new[] { "ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR" })
            Environment.SetEnvironmentVariable(name, null);
    }
}
