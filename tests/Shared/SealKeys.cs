using System.Security.Cryptography;

namespace ClawGrpc.Testing;

/// <summary>Files of keys outside of the state folder; gone when the test is over.</summary>
internal sealed class SealKeys : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw-keys-").FullName;

    public SealKeys()
    {
        foreach (var path in new[] { Old, New })
            Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
    }

    public string Old => Path.Join(_folder, "old.key");

    public string New => Path.Join(_folder, "new.key");

    public string Passphrase => Path.Join(_folder, "passphrase");

    /// <summary>The section of the configuration with the old key.</summary>
    public string Section => Of($"keyFile: '{Old}'");

    /// <summary>The section with both keys.</summary>
    public string Both => Of($"keyFile: '{Old}', otherKeys: [{{ keyFile: '{New}' }}]");

    /// <summary>The section with the new key alone.</summary>
    public string Next => Of($"keyFile: '{New}'");

    public static string Of(string seal, string more = "") => $"clawgrpc: {{ seal: {{ {seal} }}, {more} }}";

    public static void Write(string path, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
