using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>
/// What a caller has shown, after it was checked that it is no forgery. Which client that is, a directory says.
/// </summary>
internal abstract record Proof
{
    /// <summary>The word for texts and the audit.</summary>
    public abstract string Kind { get; }

    /// <summary>When it ends by itself; null if it does not, or if the directory knows.</summary>
    public virtual DateTimeOffset? Expires => null;

    /// <summary>The Unix user at the other end of the server's socket.</summary>
    /// <param name="Uid">The user.</param>
    /// <param name="Gids">Its groups, the first one first.</param>
    /// <param name="Pid">The process that connected, for the audit alone: ids are used again.</param>
    internal sealed record Peer(uint Uid, ImmutableArray<uint> Gids, int Pid) : Proof
    {
        public override string Kind => "unix";
    }

    /// <summary>A ClawGrpc token.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="Hash">The keyed hash of its secret.</param>
    internal sealed record Token(string Id, ImmutableArray<byte> Hash) : Proof
    {
        public override string Kind => "token";

        public override string ToString() => $"token {Id}";
    }

    /// <summary>A certificate that a configured authority signed.</summary>
    /// <param name="Names">Its names, as <c>dns:NAME</c> and <c>uri:URI</c>.</param>
    /// <param name="Thumbprint">Which one it is.</param>
    /// <param name="NotAfter">When it, or one of those between it and its authority, ends.</param>
    internal sealed record Certificate(ImmutableArray<string> Names, string Thumbprint, DateTimeOffset NotAfter) : Proof
    {
        /// <summary>The authority at the end of its chain, as <see cref="TrustedParties.Authorities"/> has it.</summary>
        public required string Authority { get; init; }

        public override string Kind => "certificate";

        public override DateTimeOffset? Expires => NotAfter;
    }

    /// <summary>A token that a configured issuer signed.</summary>
    /// <param name="Issuer">Its <c>iss</c>.</param>
    /// <param name="Subject">Its <c>sub</c>.</param>
    /// <param name="Claims">Its other claims that are text.</param>
    /// <param name="End">Its <c>exp</c>, and what clocks may be apart.</param>
    internal sealed record Jwt(
        string Issuer, string Subject, ImmutableDictionary<string, string> Claims, DateTimeOffset End) : Proof
    {
        public override string Kind => "jwt";

        public override DateTimeOffset? Expires => End;
    }

    /// <summary>None: a caller on a loopback port that the operator opened to everybody on the machine.</summary>
    internal sealed record Loopback : Proof
    {
        public override string Kind => "none";
    }
}
