namespace ClawGrpc.Core.Access;

/// <summary>
/// The names by which requests may address the server. A web page that has a browser resolve its own name to this machine comes
/// with that name.
/// </summary>
internal static class HostNames
{
    private static readonly string[] OfLoopback = ["localhost", "127.0.0.1", "::1"];

    /// <summary>Whether a request for this host is for the server.</summary>
    /// <param name="host">Without a port; an address of version 6 with or without brackets.</param>
    /// <param name="served">Names and addresses besides those of loopback; <c>*.</c> stands for one label.</param>
    public static bool IsServed(string host, IEnumerable<string> served)
    {
        var name = Plain(host);
        return name.Length > 0 && (OfLoopback.Contains(name) || served.Any(each => Fits(Plain(each), name)));
    }

    private static bool Fits(string pattern, string name)
    {
        if (!pattern.StartsWith("*.", StringComparison.Ordinal))
            return pattern == name;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && name[dot..] == pattern[1..];
    }

    private static string Plain(string host) => host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();
}
