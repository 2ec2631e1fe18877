using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// The profiles of an agent with what their references come to, and with the origins that they belong to. The store keeps neither
/// in their place; nothing of this is ever written there.
/// </summary>
/// <param name="resolve">What a reference comes to now.</param>
/// <param name="origins">Null if profiles belong to no origin.</param>
internal sealed class ResolvedProfiles(Func<SecretReference, ResolvedSecret> resolve, ProfileOrigins? origins)
{
    private volatile View _last = new(OwnProfiles.Snapshot.Empty, [], null, OwnProfiles.Snapshot.Empty);

    /// <summary>
    /// The same profiles, resolved: the same object as long as they and what they refer to are the same. I/O only if there are
    /// references to files.
    /// </summary>
    public OwnProfiles.Snapshot With(OwnProfiles.Snapshot stored)
    {
        if (origins?.Problem is { } problem && stored.Problem is null)
            return new OwnProfiles.Snapshot(ProfileStore.Empty, problem);
        var last = _last;
        var isSame = ReferenceEquals(last.Stored, stored) && ReferenceEquals(last.Origins, origins?.Known);
        if (isSame && last.References.IsEmpty)
            return last.Result;
        var profiles = stored.Profiles.Profiles;
        var areSame = last.Stored.Profiles.Profiles == profiles && ReferenceEquals(last.Origins, origins?.Known);
        var references = areSame
            ? last.References.Select(known => known.Reference)
            : profiles.Select(profile => profile.Credential.Reference).OfType<SecretReference>().Distinct();
        ImmutableArray<(SecretReference Reference, ResolvedSecret Now)> resolved =
            [.. references.Select(reference => (reference, resolve(reference)))];
        areSame &= resolved.SequenceEqual(last.References);
        if (isSame && areSame)
            return last.Result;
        var result = areSame ? last.Result.Profiles.Profiles : [.. profiles.Select(profile => Of(profile, resolved))];
        _last = last = new View(
            stored, resolved, origins?.Known, stored with { Profiles = stored.Profiles with { Profiles = result } });
        return last.Result;
    }

    private Profile Of(Profile profile, ImmutableArray<(SecretReference Reference, ResolvedSecret Now)> resolved)
    {
        if (origins is not null)
            profile = ProfileOrigins.IsKnowable(profile) ? WithOrigin(profile, origins) : profile with { Origin = null };
        return profile.Credential.Reference is { } reference
            ? profile with { Credential = profile.Credential.With(resolved.First(each => each.Reference == reference).Now) }
            : profile;
    }

    // Whoever changes the file of origins cannot have a sealed secret sent elsewhere.
    private static Profile WithOrigin(Profile profile, ProfileOrigins origins)
    {
        var (sealedFor, known) = (profile.Origin, origins.OriginOf(profile.Id, profile.Origin));
        return sealedFor is null || sealedFor == known
            ? profile with { Origin = known }
            : profile with
            {
                Origin = sealedFor,
                Credential = profile.Credential.Unopened(
                    $"it was sealed for {(sealedFor.Length > 0 ? sealedFor : "no upstream")}, and is noted to belong to {known}; "
                    + $"if that is right: claw models auth rebind --profile-id {profile.Id}"),
            };
    }

    private sealed record View(
        OwnProfiles.Snapshot Stored,
        ImmutableArray<(SecretReference Reference, ResolvedSecret Now)> References,
        ImmutableDictionary<string, string>? Origins,
        OwnProfiles.Snapshot Result);
}
