namespace ClawGrpc.Testing;

/// <summary>A credential and the account behind it. Two with the same organization and workspace share prompt caches.</summary>
/// <param name="Key">The API key or access token, whole.</param>
/// <param name="Organization">Organization id; null takes the sandbox's own.</param>
/// <param name="Workspace">Workspace id; null derives one from the key.</param>
public sealed record SandboxKey(string Key, string? Organization = null, string? Workspace = null);
