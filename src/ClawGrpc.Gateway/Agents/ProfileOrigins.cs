using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// Which origin each profile of an agent belongs to: the one that was configured when it was onboarded, or first seen. In force
/// at once, and stored before the call that caused it is answered.
/// </summary>
/// <param name="agentId">The agent.</param>
/// <param name="store">Where origins are kept.</param>
/// <param name="current">The configured origin.</param>
internal sealed class ProfileOrigins(string agentId, IStateStore store, Func<string> current)
{
    private readonly Lock _gate = new();
    private volatile ImmutableDictionary<string, string> _known = ImmutableDictionary<string, string>.Empty;
    private volatile ImmutableHashSet<string> _unwritten = [];
    private volatile StateUnreadableException? _problem;

    /// <summary>All that are known now: the same object as long as they are the same.</summary>
    public ImmutableDictionary<string, string> Known => _known;

    /// <summary>Why the stored origins cannot be read; null if they can. Without them no profile is used.</summary>
    public StateUnreadableException? Problem => _problem;

    /// <summary>
    /// The origin of a profile. One that nobody has seen before belongs to the one that its secret is sealed for, else to the
    /// configured one, from now on.
    /// </summary>
    /// <param name="profileId">The profile.</param>
    /// <param name="sealedFor">Null if its secret is not sealed; empty if it is sealed for none.</param>
    public string OriginOf(string profileId, string? sealedFor = null) =>
        Of(profileId, string.IsNullOrEmpty(sealedFor) ? current : () => sealedFor);

    /// <summary>The origin of the token endpoint that a login belongs to: the first one that was configured for it.</summary>
    public string TokenOriginOf(string profileId, Uri tokenUrl) =>
        Of(OriginsFile.TokenEndpointOf(profileId), () => UpstreamOrigin.Of(tokenUrl));

    private string Of(string key, Func<string> first)
    {
        if (_known.TryGetValue(key, out var known))
            return known;
        lock (_gate)
        {
            if (_known.TryGetValue(key, out known))
                return known;
            (_known, _unwritten) = (_known.SetItem(key, known = first()), _unwritten.Add(key));
            return known;
        }
    }

    /// <summary>Takes up what is stored now. What is not stored yet stays in force.</summary>
    /// <returns>Whether that changed anything.</returns>
    public async Task<bool> ReloadAsync(CancellationToken cancellation)
    {
        try
        {
            var stored = await store.ReadOriginsAsync(agentId, cancellation);
            lock (_gate)
            {
                var isNews = _problem is not null || stored.Any(origin => _known.GetValueOrDefault(origin.Key) != origin.Value);
                _problem = null;

                // A file that is gone confirms nothing.
                _unwritten = _unwritten.Union(_known.Keys.Where(id => !stored.ContainsKey(id)));
                _known = _known.SetItems(stored.Where(origin => !_unwritten.Contains(origin.Key)));
                return isNews;
            }
        }
        catch (StateUnreadableException unreadable)
        {
            var isNews = _problem?.Message != unreadable.Message;
            _problem = unreadable;
            return isNews;
        }
    }

    /// <summary>Stores what was seen for the first time.</summary>
    /// <exception cref="StateUnreadableException">The stored origins cannot be read, and are left as they are.</exception>
    /// <exception cref="StateNotWrittenException">They cannot be stored.</exception>
    public async Task SaveAsync(CancellationToken cancellation)
    {
        if (_unwritten.IsEmpty || _problem is not null)
            return;
        var (unwritten, known) = (_unwritten, _known);
        await store.UpdateOriginsAsync(
            agentId, stored => stored.SetItems(known.Where(origin => unwritten.Contains(origin.Key))), cancellation);
        lock (_gate)
            _unwritten = _unwritten.Except(unwritten.Where(id => _known.GetValueOrDefault(id) == known.GetValueOrDefault(id)));
    }

    /// <summary>These profiles belong to the configured origin from now on. Stored when it returns.</summary>
    /// <exception cref="StateUnreadableException">The stored origins cannot be read; nothing was changed.</exception>
    /// <exception cref="StateNotWrittenException">They cannot be stored; nothing was changed.</exception>
    public async Task BindAsync(IReadOnlyCollection<string> profileIds, CancellationToken cancellation)
    {
        var moved = profileIds.ToDictionary(id => id, _ => current());
        var endpoints = profileIds.Select(OriginsFile.TokenEndpointOf).ToList();
        await store.UpdateOriginsAsync(agentId, stored => stored.SetItems(moved).RemoveRange(endpoints), cancellation);
        lock (_gate)
        {
            (_known, _unwritten) =
                (_known.SetItems(moved).RemoveRange(endpoints), _unwritten.Except(moved.Keys).Except(endpoints));
        }
    }

    /// <summary>A profile is removed: one of the same id is another one.</summary>
    public async Task ForgetAsync(string profileId, CancellationToken cancellation)
    {
        string[] keys = [profileId, OriginsFile.TokenEndpointOf(profileId)];
        lock (_gate)
            (_known, _unwritten) = (_known.RemoveRange(keys), _unwritten.Except(keys));
        await store.UpdateOriginsAsync(agentId, stored => stored.RemoveRange(keys), cancellation);
    }

    /// <summary>Notes the origin of the profiles of an agent before its first call.</summary>
    public static async Task NoteAsync(string agentId, IStateStore store, string origin)
    {
        var profiles = await store.ReadAsync(agentId);
        var stored = await store.ReadOriginsAsync(agentId);
        var unknown = profiles.Profiles.Where(profile => IsKnowable(profile) && !stored.ContainsKey(profile.Id)).ToList();
        if (unknown.Count > 0)
        {
            await store.UpdateOriginsAsync(agentId, fresh => fresh.SetItems(
                unknown.Where(profile => !fresh.ContainsKey(profile.Id)).Select(profile => KeyValuePair.Create(
                    profile.Id, string.IsNullOrEmpty(profile.Origin) ? origin : profile.Origin))));
        }
    }

    /// <summary>Whether a profile's origin can be told: not that of a sealed secret that does not open.</summary>
    public static bool IsKnowable(Profile profile) => IsSent(profile) && profile.Credential.SealProblem is null;

    /// <summary>Whether ClawGrpc ever sends the credential of a profile.</summary>
    public static bool IsSent(Profile profile) => Provider.Normalize(profile.Credential.Provider) == Provider.Anthropic;
}
