using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Tls;

/// <summary>A file of TLS cannot be used. The message says what to do, and never quotes the file.</summary>
internal sealed class UnusableTlsFileException(string message) : IOException(message);

/// <summary>Certificates and keys in files, in the form of PEM.</summary>
internal static class PemFiles
{
    private const UnixFileMode GroupReads = UnixFileMode.GroupRead;

    private const UnixFileMode OthersMay = UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The certificate that the server shows, with its key and those between it and its authority.</summary>
    /// <exception cref="UnusableTlsFileException">One of the files cannot be used.</exception>
    public static (X509Certificate2 Leaf, SslStreamCertificateContext Shown) ServerCertificate(string path, string keyPath)
    {
        var text = TextOf(path, "certificate");
        RefuseReadableByOthers(keyPath);
        var key = TextOf(keyPath, "private key");
        try
        {
            var leaf = X509Certificate2.CreateFromPem(text, key);
            var sent = new X509Certificate2Collection();
            sent.ImportFromPem(text);
            sent.RemoveAt(0);

            // Offline: what is not in the file is not fetched from addresses that a certificate names.
            return (leaf, SslStreamCertificateContext.Create(leaf, sent, offline: true));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new UnusableTlsFileException(
                $"The certificate {path} and the private key {keyPath} cannot be used together: expected PEM, the server's own "
                + "certificate first, and its key without a passphrase.");
        }
    }

    /// <summary>The certificates of authorities.</summary>
    /// <exception cref="UnusableTlsFileException">The file cannot be used.</exception>
    public static X509Certificate2Collection Authorities(string path)
    {
        var text = TextOf(path, "file of authorities");
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            found.Clear();
        }

        return found.Count > 0
            ? found
            : throw new UnusableTlsFileException(
                $"The file of authorities {path} cannot be used: expected one or more certificates as PEM.");
    }

    private static string TextOf(string path, string what)
    {
        try
        {
            return WholeFile.Read(path) is { } content
                ? Encoding.UTF8.GetString(content)
                : throw new UnusableTlsFileException($"The {what} {path} does not exist.");
        }
        catch (StateUnreadableException exception)
        {
            throw new UnusableTlsFileException($"The {what} {path} cannot be read: {exception.Reason}.");
        }
    }

    // A key of root's may be read by its group, which is how systems share one.
    private static void RefuseReadableByOthers(string path)
    {
        if (!File.Exists(path))
            return;
        var isRoots = Posix.OwnerOf(path) is { User: 0 } && Posix.EffectiveUser() != 0;
        if ((File.GetUnixFileMode(path) & (isRoots ? OthersMay : OthersMay | GroupReads)) != 0)
        {
            throw new UnusableTlsFileException(
                $"The private key {path} can be read or written by others. Mend it: chmod {(isRoots ? "640" : "600")} {path}");
        }
    }
}
