using Grpc.Core;

namespace ClawGrpc.Client;

/// <summary>Where a token is read when a call begins.</summary>
internal sealed class TokenSource
{
    private const int LongestFile = 64 * 1024;
    private readonly string? _file;
    private readonly string _token;

    private TokenSource(string origin, string? file, string token = "") => (Origin, _file, _token) = (origin, file, token);

    /// <summary>What names it to a person; never the token.</summary>
    public string Origin { get; }

    /// <summary>The source for an endpoint; null if there is none.</summary>
    public static TokenSource? Find(ClawGrpcOptions options, ClawGrpcEndpoint endpoint)
    {
        if (!string.IsNullOrWhiteSpace(options.TokenFile))
            return new TokenSource(options.TokenFile, options.TokenFile);
        if (!string.IsNullOrWhiteSpace(options.Token))
            return new TokenSource(nameof(ClawGrpcOptions.Token), null, options.Token);
        if (options.Variable(ClawGrpcOptions.TokenFileVariable) is { } file)
            return new TokenSource($"{ClawGrpcOptions.TokenFileVariable} ({file})", file);
        if (options.Variable(ClawGrpcOptions.TokenVariable) is { } token)
            return new TokenSource(ClawGrpcOptions.TokenVariable, null, token);

        // The operator's own token, which the server writes for its loopback ports. It never leaves this machine.
        if (!endpoint.IsLoopbackWithoutTls)
            return null;
        var admin = Path.Combine(ClawGrpcEndpoint.StateDirectory(options.Variable), "admin-token");
        return CanRead(admin) ? new TokenSource(admin, admin) : null;
    }

    /// <summary>The token of now.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED: the file cannot be read, or there is no token in it.</exception>
    public string Read()
    {
        var text = (_file is null ? _token : ReadFile(_file)).Trim();
        if (text.Length > 0 && text.All(character => character is > ' ' and <= '~'))
            return text;
        throw Unreadable(text.Length == 0 ? "it is empty" : "it holds more than one line of printable ASCII");
    }

    private string ReadFile(string path)
    {
        try
        {
            using var file = OpenToRead(path);
            using var reader = new StreamReader(file);
            var buffer = new char[LongestFile];
            var length = reader.ReadBlock(buffer);
            return length < LongestFile ? new string(buffer, 0, length) : throw Unreadable("it is longer than any token");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unreadable(exception.Message);
        }
    }

    private RpcException Unreadable(string why) =>
        new(new Status(StatusCode.Unauthenticated, $"There is no token to be had from {Origin}: {why.TrimEnd('.')}."));

    private static bool CanRead(string path)
    {
        try
        {
            using var file = OpenToRead(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Whoever replaces the file is not to be stopped.
    private static FileStream OpenToRead(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
