using System.Runtime.CompilerServices;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>Removes keys and addresses from the environment, so that they do not change what is tested.</summary>
internal static class CleanEnvironment
{
    [ModuleInitializer]
    internal static void Clear()
    {
        foreach (var name in new[] { "ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR" })
            Environment.SetEnvironmentVariable(name, null);
    }
}
