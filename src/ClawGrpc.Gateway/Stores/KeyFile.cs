using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Core.Sealing;
using Microsoft.Win32.SafeHandles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>Reads a file with a key or a passphrase, which must be this process's user's alone.</summary>
internal static class KeyFile
{
    private const int MostBytes = 4096;
    private const int FewestCharacters = 12;
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads a random key: 32 bytes as they are, or in base64.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="isCredential">Whether systemd keeps it, which may give it to this process by an access list.</param>
    /// <returns>The key, or why it cannot be used: half a sentence with the way out.</returns>
    public static (SealingKey? Key, string? Problem) Read(string path, bool isCredential)
    {
        var (bytes, problem) = ReadBytes(path, isCredential);
        if (bytes is null)
            return (null, problem);
        Span<byte> key = stackalloc byte[SealingKey.Length];
        try
        {
            if (bytes.Length == SealingKey.Length)
                return (SealingKey.Of(bytes), null);
            var text = Trimmed(bytes);
            if (Base64.DecodeFromUtf8(text, key, out var read, out var written) == System.Buffers.OperationStatus.Done
                && read == text.Length && written == SealingKey.Length)
            {
                return (SealingKey.Of(key), null);
            }

            return (null, $"{path} is no key, which has {SealingKey.Length} bytes, as they are or in base64, such as "
                + $"openssl rand -base64 {SealingKey.Length} gives");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Reads a passphrase, in UTF-8, without white space around it.</summary>
    /// <inheritdoc cref="Read"/>
    public static (byte[]? Passphrase, string? Problem) ReadPassphrase(string path, bool isCredential)
    {
        var (bytes, problem) = ReadBytes(path, isCredential);
        if (bytes is null)
            return (null, problem);
        try
        {
            var text = Trimmed(bytes);
            return Encoding.UTF8.GetCharCount(text) >= FewestCharacters
                ? (Pinned(text), null)
                : (null, $"the passphrase in {path} is too short; give it at least {FewestCharacters} characters");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static (byte[]? Bytes, string? Problem) ReadBytes(string path, bool isCredential)
    {
        try
        {
            using var file = Posix.OpenToRead(path);
            if (file is null)
                return (null, $"there is no file {path}");
            if (ExposureOf(path, file, isCredential) is { } exposed)
                return (null, exposed);
            var buffer = GC.AllocateUninitializedArray<byte>(MostBytes + 1, pinned: true);
            try
            {
                var length = 0;
                while (length < buffer.Length && RandomAccess.Read(file, buffer.AsSpan(length), length) is > 0 and var part)
                    length += part;
                return length > MostBytes
                    ? (null, $"{path} is larger than {MostBytes} bytes")
                    : (Pinned(buffer.AsSpan(0, length)), null);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(buffer);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"{path} cannot be read ({exception.Message.TrimEnd('.')})");
        }
    }

    // Who else could read or replace the key, with the command that mends it; null if nobody can.
    private static string? ExposureOf(string path, SafeFileHandle file, bool isCredential)
    {
        const uint root = 0;
        var (user, mode) = Posix.StatusOf(file);
        if (user != Posix.UserId() && !(isCredential && user == root))
        {
            return $"{path} belongs to another user than this process. "
                + $"Mend it: chown {StateFolder.Quoted(Environment.UserName)} {StateFolder.Quoted(path)}";
        }

        return (mode & (isCredential ? Others | UnixFileMode.GroupWrite : Group | Others)) == 0 ? null
            : $"{path} can be used by others than its owner (mode {Convert.ToString((int)mode, 8)}). "
                + $"Mend it: chmod 600 {StateFolder.Quoted(path)}";
    }

    // So that the collector leaves no copies that cannot be erased.
    private static byte[] Pinned(ReadOnlySpan<byte> bytes)
    {
        var copy = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(copy);
        return copy;
    }

    private static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n"u8);
}
