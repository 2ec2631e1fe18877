using System.Globalization;
using System.Net.Sockets;
using System.Text;

/// <summary>
/// The one thing that can be asked of a .NET process from the inside only: how much it has allocated. Named in <c>DOTNET_STARTUP_HOOKS</c>, this
/// program is loaded into clawgrpc, where a thread answers on a Unix socket and sleeps otherwise. The runtime prescribes name and place of the type.
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

    /// <summary>Called in the benchmark: bytes that clawgrpc has allocated since its start.</summary>
    public static long Ask(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        using var reader = new StreamReader(new NetworkStream(socket));
        return long.Parse(reader.ReadToEnd(), CultureInfo.InvariantCulture);
    }

    private static void AnswerAll(Socket listener)
    {
        while (true)
        {
            using var asked = listener.Accept();
            asked.Send(Encoding.ASCII.GetBytes(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture)));
        }
    }
}
