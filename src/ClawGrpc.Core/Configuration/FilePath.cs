namespace ClawGrpc.Core.Configuration;

/// <summary>Paths as text: the file system is Server's.</summary>
internal static class FilePath
{
    /// <summary>
    /// The path that a file means when it names another one: relative to its own folder, without <c>.</c> and <c>..</c>.
    /// </summary>
    public static string Resolve(string file, string named)
    {
        var folder = file[..(file.LastIndexOf('/') + 1)];
        var whole = named.StartsWith('/') ? named : folder + named;
        var parts = new List<string>();
        foreach (var part in whole.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            if (part == ".." && parts is [.., not ".."])
                parts.RemoveAt(parts.Count - 1);
            else if (part != ".." || !whole.StartsWith('/'))
                parts.Add(part);
        }

        return (whole.StartsWith('/') ? "/" : "") + string.Join('/', parts);
    }
}
