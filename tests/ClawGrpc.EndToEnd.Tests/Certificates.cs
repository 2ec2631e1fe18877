namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A certificate authority and the certificate of a server, made by openssl in a folder of a test.</summary>
internal static class Certificates
{
    private const string Script = """
        umask 077
        new() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" "${@:2}"; }
        new ca -subj /CN=authority
        new server -subj /CN=server -CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE \
          -addext subjectAltName=DNS:localhost,IP:127.0.0.1
        """;

    /// <summary>Makes <c>ca.pem</c>, <c>server.pem</c> and <c>server.key</c>; the last is its owner's alone.</summary>
    public static async Task MakeAsync(ProcessFixture fixture)
    {
        var openssl = fixture.Keep(RunningProgram.Start(
            "/bin/bash", new Dictionary<string, string>(), ["-euc", $"cd '{fixture.Path}'\n{Script}"]));
        Assert.True(await openssl.ExitAsync() == 0, openssl.Error);
    }
}
