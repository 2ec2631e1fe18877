using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>How the secrets of one agent are sealed and opened, and which versions of them were seen.</summary>
/// <param name="agentId">The agent.</param>
/// <param name="keys">The keys.</param>
/// <param name="otherProgram">The program that reads the agent's folder too; null if none does.</param>
/// <param name="file">Where the versions are remembered.</param>
/// <param name="shared">
/// The clock of all servers that write the secrets, where each remembers only what it has seen itself; null where all that write
/// remember in the same file.
/// </param>
internal sealed class AgentSealing(
    string agentId, SealingKeys keys, string? otherProgram, GenerationsFile file, TimeProvider? shared = null)
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<SecretPlace, long>? _newest;
    private FileIdentity? _read;
    private bool _isUnwritten;

    /// <summary>What opens secrets now: another object when keys came or went.</summary>
    public object Keys => keys.Now.Opening;

    /// <summary>Why new secrets cannot be sealed, as a sentence with the way out; null if they can.</summary>
    public string? Problem => keys.Now.Problem;

    /// <summary>How secrets are opened, for what is read after this call.</summary>
    /// <exception cref="StateUnreadableException">The versions cannot be read.</exception>
    public SealReading Reading()
    {
        var (newest, ring) = (Newest(), keys.Now);
        return new SealReading(agentId, ring.KeyOf, place => newest.GetValueOrDefault(place));
    }

    /// <summary>How secrets are written now.</summary>
    /// <exception cref="StateUnreadableException">The versions cannot be read.</exception>
    public SealWriting Writing()
    {
        // What another server wrote down meanwhile is newer than what is remembered here.
        lock (_gate)
            TakeUp();
        var ring = keys.Now;
        return new SealWriting(
            Reading(), ring.Active, ring.IsConfigured, ring.IsConfigured && otherProgram is null, ring.Origin, SealingKeys.Fresh)
        {
            LeastVersion = shared?.GetUtcNow().ToUnixTimeMilliseconds() ?? 0,
        };
    }

    /// <summary>These versions were seen: older ones are not accepted any more.</summary>
    public void Saw(IEnumerable<KeyValuePair<SecretPlace, long>> seen)
    {
        lock (_gate)
        {
            foreach (var (place, generation) in seen)
            {
                if (generation <= _newest!.GetValueOrDefault(place))
                    continue;
                (_newest, _isUnwritten) = (_newest!.SetItem(place, generation), true);
            }
        }
    }

    /// <summary>
    /// Writes down which versions were seen. After the profiles, so that a crash in between loses no secret. If it cannot be
    /// written, the next write tries again.
    /// </summary>
    public void Remember()
    {
        ImmutableDictionary<SecretPlace, long> newest;
        lock (_gate)
        {
            if (!_isUnwritten)
                return;
            (newest, _isUnwritten) = (_newest!, false);
        }

        try
        {
            file.Write(newest);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            lock (_gate)
                _isUnwritten = true;
        }
    }

    private ImmutableDictionary<SecretPlace, long> Newest()
    {
        lock (_gate)
        {
            if (_newest is null)
                TakeUp();
            return _newest!;
        }
    }

    private void TakeUp()
    {
        var identity = file.IdentityNow();
        if (_newest is not null && identity == _read && identity?.IsSettled != false)
            return;
        var (known, stored) = (_newest ?? ImmutableDictionary<SecretPlace, long>.Empty, file.Read());
        _newest = known.SetItems(stored.Where(each => each.Value > known.GetValueOrDefault(each.Key)));
        _read = identity;
    }
}
