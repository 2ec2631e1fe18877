using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// What a token endpoint has granted for an agent's logins and is not stored yet, sealed, on this server's own disk: the refresh
/// token that it was granted for is spent, so neither a crash nor a database that goes away may lose it.
/// </summary>
/// <param name="path">The file; there is none while all is stored.</param>
/// <param name="sealing">How its secrets are sealed.</param>
internal sealed class GrantedFile(string path, AgentSealing sealing)
{
    /// <summary>Its name.</summary>
    public const string Name = "clawgrpc-granted.json";

    private readonly Lock _gate = new();

    /// <summary>Keeps a grant. On disk when it returns.</summary>
    /// <param name="spent">The refresh token that it was granted for.</param>
    /// <param name="granted">The login with its new tokens.</param>
    /// <exception cref="StateNotWrittenException">It cannot be written, or not be sealed.</exception>
    public void Put(Secret spent, OAuthCredential granted)
    {
        try
        {
            Change(_ => [new PutProfile(IdOf(spent), granted)]);
        }
        catch (NoSealingKeyException)
        {
            throw StateNotWrittenException.NotSealed(path, "a login that was refreshed", sealing.Problem);
        }
    }

    /// <summary>What was granted for a refresh token; null if nothing is kept, or if it does not open.</summary>
    public OAuthCredential? Find(Secret spent)
    {
        lock (_gate)
        {
            return Read().Store.Find(IdOf(spent))?.Credential is OAuthCredential { Access: not null, Refresh: not null } granted
                ? granted
                : null;
        }
    }

    /// <summary>Forgets what was granted for a refresh token: it is stored, or another login has replaced it.</summary>
    /// <exception cref="StateNotWrittenException">The file cannot be written.</exception>
    public void Remove(Secret spent) => Change(_ => [new RemoveProfile(IdOf(spent))]);

    /// <summary>Forgets what a crash left between the write and <see cref="Remove"/>.</summary>
    /// <param name="stored">The refresh tokens that are stored: what was granted for others is stored, or was replaced.</param>
    /// <exception cref="StateNotWrittenException">The file cannot be written.</exception>
    public void KeepOnly(IEnumerable<Secret> stored)
    {
        if (!File.Exists(path))
            return;
        var kept = stored.Select(IdOf).ToHashSet(StringComparer.Ordinal);
        Change(file => [.. file.Profiles.Where(each => !kept.Contains(each.Id)).Select(each => new RemoveProfile(each.Id))]);
    }

    // The file knows no profiles: a refresh token says which login it was, whatever that is called.
    private static string IdOf(Secret spent) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(spent.Reveal())));

    // One that cannot be read was changed by hand, and says nothing.
    private SealedProfiles Read() =>
        WholeFile.Read(path) is { } bytes && SealedProfiles.TryParse(bytes, sealing.Reading(), out var file, out _)
            ? file
            : SealedProfiles.Empty;

    private void Change(Func<ProfileStore, IReadOnlyList<StoreChange>> decide)
    {
        lock (_gate)
        {
            try
            {
                var before = Read();
                var after = before.With(decide(before.Store), sealing.Writing()).File;
                if (after.Store.Profiles.IsEmpty)
                {
                    File.Delete(path);
                    return;
                }

                StateFolder.MakeDirectory(Path.GetDirectoryName(path)!);
                using var file = AtomicFile.Prepare(path, after.ToUtf8());
                file.Commit();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StateUnreadableException)
            {
                throw StateNotWrittenException.Because(path, exception);
            }
        }
    }
}
