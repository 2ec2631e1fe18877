namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// Reads small files whole. The runtime's way fails when another program shortens the file meanwhile, and locks it while it
/// reads; this one takes what is there.
/// </summary>
internal static class WholeFile
{
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>The content; null if there is no file.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read, or is larger than <see cref="MaxBytes"/>.</exception>
    public static byte[]? Read(string path)
    {
        try
        {
            using var file = Posix.OpenToRead(path);
            if (file is null)
            {
                return FileIdentity.IsLink(path)
                    ? throw new StateUnreadableException(path, "it is a link to a file that does not exist", null)
                    : null;
            }

            var content = new MemoryStream();
            var part = new byte[16 * 1024];
            while (RandomAccess.Read(file, part, content.Length) is > 0 and var length)
            {
                content.Write(part, 0, length);
                if (content.Length > MaxBytes)
                    throw new StateUnreadableException(path, $"it is larger than {MaxBytes / 1024 / 1024} MB", null);
            }

            return content.ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StateUnreadableException(path, exception.Message.TrimEnd('.'), exception);
        }
    }
}
