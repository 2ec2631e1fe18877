using ClawGrpc.Core;
using ClawGrpc.Core.Sealing;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>The key that hashes of tokens are made with: one for all replicas, sealed.</summary>
internal sealed class SharedServerKey(Documents documents, SealingKeys keys)
{
    /// <summary>The document's name.</summary>
    public const string Name = "clawgrpc.key";
    private const string Profile = "clawgrpc";
    private const string Kind = "server-key";
    private const string WayToKey =
        "Give this replica a key, the same one as all others: --seal-key FILE, made by openssl rand -base64 32.";

    private static readonly string Place = DocumentNames.PlaceOf(Name);

    /// <summary>Reads the key; the first replica of all makes it.</summary>
    /// <exception cref="UnusableDatabaseException">It cannot be opened, or there is no key to seal it with.</exception>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public async Task<ServerKey> OpenAsync(CancellationToken cancellation)
    {
        var stored = await documents.ReadAsync(Name, Document.None, cancellation);
        if (stored.Body.Length == 0)
        {
            var made = new Secret(Convert.ToBase64String(ServerKey.Make()));
            stored = await documents.UpdateAsync(
                Name, fresh => fresh.Body.Length > 0 ? null : Sealed(made).ToBytes(), static () => true, cancellation);
        }

        var whole = Parsed(stored);
        var (key, problem) = keys.Now.KeyOf(whole.KeyId);
        return key is not null && whole.Open("", Profile, Kind, key) is { } text
            ? ServerKey.Of(Convert.FromBase64String(text.Reveal()))
            : throw new UnusableDatabaseException(
                $"The key of the clients' tokens in the database does not open: {problem ?? "it was changed"}. Give this replica "
                + "the sealing key of the others.");
    }

    /// <summary>A key as it is stored.</summary>
    /// <exception cref="UnusableDatabaseException">There is no key to seal it with.</exception>
    public byte[] Sealed(byte[] key) => Sealed(new Secret(Convert.ToBase64String(key))).ToBytes();

    /// <summary>Wraps it with the active key, if it is not.</summary>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public Task RewrapAsync(CancellationToken cancellation) => documents.UpdateAsync(
        Name,
        fresh => fresh.Body.Length > 0 && Parsed(fresh) is var whole && keys.Now.Active is { } active && active.Id != whole.KeyId
            && keys.Now.KeyOf(whole.KeyId).Key is { } own
                ? whole.Rewrap("", Profile, Kind, own, active, SealingKeys.Fresh().WrapNonce)?.ToBytes()
                : null,
        static () => true, cancellation);

    private SealedSecret Sealed(Secret text) => keys.Now.Active is { } active
        ? SealedSecret.Seal(text, new SealLabel("", Profile, Kind, "", 1), active, SealingKeys.Fresh())
        : throw new UnusableDatabaseException(
            $"No secret is stored in a database unsealed. {keys.Now.Problem ?? WayToKey}");

    private static SealedSecret Parsed(Document document) => SealedSecret.TryParse(document.Body, out var whole, out var problem)
        ? whole
        : throw new UnusableDatabaseException($"The key of the clients' tokens ({Place}) cannot be read: {problem}.");
}
