namespace ClawGrpc.Core.Access;

/// <summary>What a client may do. None includes another.</summary>
[Flags]
internal enum Scopes
{
    /// <summary>Nothing but ask who one is.</summary>
    None = 0,

    /// <summary>Completions, counts and plans.</summary>
    Complete = 1,

    /// <summary>To list, get and watch, without the addresses of accounts.</summary>
    Status = 2,

    /// <summary>To write credentials.</summary>
    Onboard = 4,

    /// <summary>Orders, models, clients and the audit.</summary>
    Admin = 8,

    /// <summary>All of them.</summary>
    All = Complete | Status | Onboard | Admin,
}

/// <summary>Scopes as words.</summary>
internal static class ScopeNames
{
    private static readonly (Scopes Scope, string Name)[] Known =
    [
        (Scopes.Complete, "complete"), (Scopes.Status, "status"), (Scopes.Onboard, "onboard"), (Scopes.Admin, "admin"),
    ];

    /// <summary>The words for files, texts and command lines.</summary>
    public static IEnumerable<string> All => Known.Select(known => known.Name);

    /// <summary>The words of these scopes.</summary>
    public static IEnumerable<string> Of(Scopes scopes) =>
        Known.Where(known => scopes.HasFlag(known.Scope)).Select(known => known.Name);

    /// <summary>The scope of a word; null if it is none.</summary>
    public static Scopes? Find(string name) => Known.Where(known => known.Name == name).Select(known => (Scopes?)known.Scope)
        .FirstOrDefault();
}
