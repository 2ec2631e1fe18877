using System.Diagnostics;
using System.Net.Sockets;

namespace ClawGrpc.Replay;

/// <summary>The server as the program it is, with a state folder of its own; both are gone in the end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private ServerProcess(Process process, string folder) => (_process, _folder) = (process, folder);

    public string Endpoint => $"unix:{Path.Join(_folder, "clawgrpc.sock")}";

    /// <summary>A client of its Messages API over HTTP.</summary>
    public HttpClient NewHttp() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(HttpSocket(_folder)), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://localhost") };

    /// <summary>Starts it from its build output, which lies beside this program's, and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string upstream)
    {
        var folder = Directory.CreateTempSubdirectory("claw-replay-").FullName;
        await File.WriteAllTextAsync(Path.Join(folder, "clawgrpc.json"),
            $"{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{upstream}', models: [] }} }} }} }}\n");
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var start = new ProcessStartInfo(
            Path.Combine(own.Parent!.Parent!.FullName, "ClawGrpc.Server", own.Name, "clawgrpc"),
            ["--state-dir", folder, "--http", $"unix:{HttpSocket(folder)}"])
        {
            RedirectStandardOutput = true,
        };
        foreach (var key in start.Environment.Keys.Where(key => key.StartsWith("ANTHROPIC_", StringComparison.Ordinal)
            || key.StartsWith("CLAWGRPC_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(key);
        }

        // Killed in the end, it would leave the sockets and pipes of the runtime's own diagnostics behind.
        start.Environment["DOTNET_EnableDiagnostics_IPC"] = "0";
        start.Environment["DOTNET_EnableDiagnostics_Debugger"] = "0";
        var process = Process.Start(start)!;
        var server = new ServerProcess(process, folder);
        if (await process.StandardOutput.ReadLineAsync() is { } line
            && line.StartsWith("clawgrpc ready on ", StringComparison.Ordinal))
        {
            return server;
        }
        await server.DisposeAsync();
        throw new InvalidOperationException("The server did not start.");
    }

    private static string HttpSocket(string folder) => Path.Join(folder, "http.sock");

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
