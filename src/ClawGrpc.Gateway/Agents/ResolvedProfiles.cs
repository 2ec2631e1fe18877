using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// The profiles of an agent with what their references come to. The store keeps the references; nothing of this is ever written.
/// </summary>
internal sealed class ResolvedProfiles(Func<SecretReference, ResolvedSecret> resolve)
{
    private volatile View _last = new(OwnProfiles.Snapshot.Empty, [], OwnProfiles.Snapshot.Empty);

    /// <summary>
    /// The same profiles, resolved: the same object as long as they and what they refer to are the same. I/O only if there are
    /// references to files.
    /// </summary>
    public OwnProfiles.Snapshot With(OwnProfiles.Snapshot stored)
    {
        var last = _last;
        var isSame = ReferenceEquals(last.Stored, stored);
        if (isSame && last.References.IsEmpty)
            return last.Result;
        var profiles = stored.Profiles.Profiles;
        var references = isSame || last.Stored.Profiles.Profiles == profiles
            ? last.References.Select(known => known.Reference)
            : profiles.Select(profile => profile.Credential.Reference).OfType<SecretReference>().Distinct();
        ImmutableArray<(SecretReference Reference, ResolvedSecret Now)> resolved =
            [.. references.Select(reference => (reference, resolve(reference)))];
        if (isSame && resolved.SequenceEqual(last.References))
            return last.Result;
        var result = resolved.IsEmpty ? stored : stored with { Profiles = Resolved(stored.Profiles, resolved) };
        _last = new View(stored, resolved, result);
        return result;
    }

    private static ProfileStore Resolved(
        ProfileStore store, ImmutableArray<(SecretReference Reference, ResolvedSecret Now)> resolved)
    {
        return store with { Profiles = [.. store.Profiles.Select(Of)] };

        Profile Of(Profile profile) => profile.Credential.Reference is { } reference
            ? profile with { Credential = profile.Credential.With(resolved.First(each => each.Reference == reference).Now) }
            : profile;
    }

    private sealed record View(
        OwnProfiles.Snapshot Stored,
        ImmutableArray<(SecretReference Reference, ResolvedSecret Now)> References,
        OwnProfiles.Snapshot Result);
}
