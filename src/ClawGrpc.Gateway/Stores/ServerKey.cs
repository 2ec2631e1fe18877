using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The key of this server, from which those for hashes of tokens and of the audit are derived. Who has it can test guesses
/// against what is stored; without it all tokens are invalid.
/// </summary>
internal sealed class ServerKey
{
    private const int Bytes = 32;
    private const string Credential = "clawgrpc-key";

    private readonly byte[] _key;

    private ServerKey(byte[] key) => _key = key;

    /// <summary>
    /// Reads the key: that of systemd's credentials (<c>$CREDENTIALS_DIRECTORY/clawgrpc-key</c>), else the file in the state
    /// folder, which is made if there is none.
    /// </summary>
    /// <exception cref="UnusableFolderException">The file holds something else.</exception>
    public static ServerKey Load(StateFolder folder, Func<string, string?> environment)
    {
        var given = environment("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials
            ? Path.Join(credentials, Credential)
            : null;
        var path = given is not null && File.Exists(given) ? given : folder.ServerKeyPath;
        if (Path.Exists(path) || FileIdentity.IsLink(path))
            return new ServerKey(Read(path));
        var made = Make();
        using var file = AtomicFile.Prepare(path, Encoding.ASCII.GetBytes($"{Convert.ToBase64String(made)}\n"));
        file.Commit();
        return new ServerKey(made);
    }

    /// <summary>A key that is kept elsewhere.</summary>
    public static ServerKey Of(byte[] key) => new(key);

    /// <summary>The key itself, to be sealed or stored.</summary>
    public byte[] ToBytes() => [.. _key];

    /// <summary>A new key's bytes.</summary>
    public static byte[] Make() => RandomNumberGenerator.GetBytes(Bytes);

    /// <summary>The key for one purpose.</summary>
    public byte[] For(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, Bytes, info: Encoding.ASCII.GetBytes($"clawgrpc {purpose}"));

    private static byte[] Read(string path)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
            | UnixFileMode.OtherWrite;
        if ((File.GetUnixFileMode(path) & others) != 0)
        {
            throw new UnusableFolderException(
                $"The server's key {path} can be read or written by others. Mend it: chmod 600 {path}");
        }

        var content = WholeFile.Read(path)!;
        if (content.Length == Bytes)
            return content;
        var bytes = new byte[Bytes];
        return Convert.TryFromBase64String(Encoding.UTF8.GetString(content).Trim(), bytes, out var length) && length == Bytes
            ? bytes
            : throw new UnusableFolderException(
                $"The server's key {path} is not one: expected {Bytes} bytes, or their base64. Without it all tokens of clients "
                + "are invalid; remove the file to make a new one.");
    }
}
