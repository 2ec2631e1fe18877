using System.Globalization;
using System.Net.Sockets;
using System.Runtime;
using System.Text;

/// <summary>
/// What a .NET process can be asked from the inside only. Named in <c>DOTNET_STARTUP_HOOKS</c>, this program is loaded into
/// clawgrpc, where a thread answers on a Unix socket and sleeps otherwise. The runtime prescribes name and place of the type.
/// </summary>
internal static class StartupHook
{
    private const string Variable = "CLAWGRPC_BENCH_PROBE";

    /// <summary>Called by the runtime, in clawgrpc, before its own <c>Main</c>.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } path)
            return;
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => AnswerAll(listener)) { IsBackground = true }.Start();
    }

    /// <summary>
    /// Called in the benchmark: what clawgrpc has done since its start; zeros for a native one, which loads no hook and compiles
    /// nothing.
    /// </summary>
    public static (long AllocatedBytes, int CompiledMethods) Ask(string path)
    {
        if (!File.Exists(path))
            return default;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        using var reader = new StreamReader(new NetworkStream(socket));
        var numbers = reader.ReadToEnd().Split(' ');
        return (long.Parse(numbers[0], CultureInfo.InvariantCulture), int.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    private static void AnswerAll(Socket listener)
    {
        while (true)
        {
            using var asked = listener.Accept();
            var (allocated, compiled) = (GC.GetTotalAllocatedBytes(precise: true), JitInfo.GetCompiledMethodCount());
            asked.Send(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{allocated} {compiled}")));
        }
    }
}
