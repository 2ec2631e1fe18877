using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Testing;

/// <summary>Whom a credential stands for.</summary>
/// <param name="Organization">A UUID, as in <c>anthropic-organization-id</c>.</param>
/// <param name="Workspace"><c>wrkspc_…</c>, as in <c>anthropic-workspace-id</c>.</param>
/// <param name="Plan">Whether it is a subscription login, whose limits are the unified ones.</param>
internal sealed record Account(string Organization, string Workspace, bool Plan)
{
    public const string DefaultOrganization = "00000000-0000-4000-8000-000000000001";

    public static Account Of(SandboxKey key, bool plan) =>
        new(key.Organization ?? DefaultOrganization, key.Workspace ?? WorkspaceOf(key.Key), plan);

    private static string WorkspaceOf(string key) =>
        "wrkspc_01" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..22];
}
