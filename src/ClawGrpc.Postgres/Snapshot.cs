using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.Sealing;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>The snapshot on the replica's disk cannot be used. The message says why, and what to do.</summary>
internal sealed class UnusableSnapshotException(string message) : Exception(message);

/// <summary>
/// All documents in one file of the replica's own folder, which it starts from while the database is away. The file is sealed as
/// a whole (AES-256-GCM): a head with the sealed key of this file alone, a nonce, and the documents, bound to the head.
/// </summary>
internal sealed partial class Snapshot(
    string path, Database database, Documents documents, SealingKeys keys, TimeProvider time, ILogger log)
{
    /// <summary>The file's name.</summary>
    public const string Name = "clawgrpc-snapshot.sealed";

    private const string Profile = "clawgrpc";
    private const string Kind = "snapshot";
    private static readonly byte[] Magic = "clawgrpc-snapshot/1\n"u8.ToArray();

    // What the file holds, by the count of changes and the key.
    private (long Changes, string KeyId) _written;

    /// <summary>Writes the file now and whenever something has changed, until cancelled.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        if (database.Settings.BetweenSnapshots is not { } between)
            return;
        using var timer = new PeriodicTimer(between, time);
        do
        {
            try
            {
                await WriteAsync(cancellation);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogNotWritten(path, exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    /// <summary>Takes the documents of the file up.</summary>
    /// <returns>When the file was written.</returns>
    /// <exception cref="UnusableSnapshotException">There is no file, or it cannot be used.</exception>
    public DateTimeOffset Open()
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnusableSnapshotException(exception is FileNotFoundException or DirectoryNotFoundException
                ? $"There is no snapshot {path} yet."
                : $"The snapshot {path} cannot be read: {exception.Message.TrimEnd('.')}.");
        }

        var (taken, all) = Parse(Unsealed(bytes));
        documents.Begin(all);
        _written = (documents.Changes, "");
        return taken;
    }

    // Not while the database is away: what is in memory is no newer than the file then.
    private async Task WriteAsync(CancellationToken cancellation)
    {
        if (database.AwaySince is not null || keys.Now.Active is not { } active)
            return;
        var state = (documents.Changes, active.Id);
        if (state == _written)
            return;
        var bytes = Sealed(BodyOf(time.GetUtcNow(), documents.Last), active);
        await AtomicFile.WriteAsync(path, bytes, cancellation: cancellation);
        _written = state;
    }

    private byte[] Sealed(byte[] body, SealingKey active)
    {
        var own = RandomNumberGenerator.GetBytes(SealingKey.Length);
        var whole = SealedSecret.Seal(
            new Secret(Convert.ToBase64String(own)), new SealLabel("", Profile, Kind, database.Settings.Place, 1), active,
            SealingKeys.Fresh()).ToBytes();
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, whole.Length);
        byte[] head = [.. Magic, .. length, .. whole];
        var nonce = RandomNumberGenerator.GetBytes(SealedSecret.NonceLength);
        var text = new byte[body.Length + SealedSecret.TagLength];
        using var cipher = new AesGcm(own, SealedSecret.TagLength);
        cipher.Encrypt(nonce, body, text.AsSpan(0, body.Length), text.AsSpan(body.Length), head);
        CryptographicOperations.ZeroMemory(own);
        return [.. head, .. nonce, .. text];
    }

    private byte[] Unsealed(byte[] bytes)
    {
        var from = Magic.Length + sizeof(int);
        var length = bytes.Length >= from && bytes.AsSpan().StartsWith(Magic)
            ? BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(Magic.Length))
            : -1;
        if (length < 0 || bytes.Length - from - SealedSecret.NonceLength - SealedSecret.TagLength < length
            || !SealedSecret.TryParse(bytes.AsSpan(from, length), out var whole, out _))
        {
            throw Unusable("it is cut off or damaged, or another version of clawgrpc has written it");
        }

        var (key, problem) = keys.Now.KeyOf(whole.KeyId);
        if (key is null)
            throw Unusable(problem!);
        if (whole.Open("", Profile, Kind, key) is not { } own)
            throw Unusable("it was changed");
        if (whole.Origin != database.Settings.Place)
            throw Unusable($"it is of another database, {whole.Origin}");
        var head = bytes.AsSpan(0, from + length);
        var nonce = bytes.AsSpan(head.Length, SealedSecret.NonceLength);
        var text = bytes.AsSpan(head.Length + nonce.Length);
        var body = new byte[text.Length - SealedSecret.TagLength];
        try
        {
            using var cipher = new AesGcm(Convert.FromBase64String(own.Reveal()), SealedSecret.TagLength);
            cipher.Decrypt(nonce, text[..body.Length], text[body.Length..], body, head);
            return body;
        }
        catch (AuthenticationTagMismatchException)
        {
            throw Unusable("it was changed");
        }
    }

    private UnusableSnapshotException Unusable(string why) => new(
        $"The snapshot {path} is not used: {why}. Give this replica the key that it was sealed with (--seal-key), or remove the "
        + "file.");

    private static byte[] BodyOf(DateTimeOffset taken, IReadOnlyCollection<KeyValuePair<string, Document>> all)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(taken.UtcTicks);
        writer.Write(all.Count);
        foreach (var (name, document) in all)
        {
            writer.Write(name);
            writer.Write(document.Revision);
            writer.Write(document.Body.Length);
            writer.Write(document.Body);
        }

        writer.Flush();
        return stream.ToArray();
    }

    // Nobody without the key has written it.
    private static (DateTimeOffset Taken, List<KeyValuePair<string, Document>> All) Parse(byte[] body)
    {
        using var reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8);
        var taken = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        var all = new List<KeyValuePair<string, Document>>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var (name, revision) = (reader.ReadString(), reader.ReadInt64());
            all.Add(KeyValuePair.Create(name, new Document(reader.ReadBytes(reader.ReadInt32()), revision)));
        }

        return (taken, all);
    }

    [LoggerMessage(93, LogLevel.Warning, "The snapshot {Path} is not written: {Why}")]
    private partial void LogNotWritten(string path, string why);
}
