using System.Reflection;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>The product's version, as the <c>user-agent</c> of every request to upstream has it.</summary>
internal static class ProductVersion
{
    public static readonly string Text = typeof(ProductVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
