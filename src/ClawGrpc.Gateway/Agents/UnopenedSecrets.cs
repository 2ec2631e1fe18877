using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// Which profiles of an agent have a sealed secret that does not open, so that each is told once and not at every reading.
/// </summary>
/// <param name="tell">Called with a profile that was not told yet, or was for another reason.</param>
internal sealed class UnopenedSecrets(Action<Profile> tell)
{
    private readonly Lock _gate = new();
    private Dictionary<string, string> _told = [];

    /// <summary>Looks for new ones. One that opens in between is told again when it does not any more.</summary>
    public void Look(ImmutableArray<Profile> profiles)
    {
        List<Profile> news = [];
        lock (_gate)
        {
            var found = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var profile in profiles)
            {
                if (profile.Credential.SealProblem is not { } problem)
                    continue;
                found[profile.Id] = problem;
                if (_told.GetValueOrDefault(profile.Id) != problem)
                    news.Add(profile);
            }

            _told = found;
        }

        news.ForEach(tell);
    }
}
