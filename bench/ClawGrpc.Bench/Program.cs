using System.Globalization;
using ClawGrpc.Bench;
using Grpc.Core;

// Run by ../run.sh, which starts the processes that are named here.
if (args is not [var folder, var sandbox, var clawGrpcPid, var nginxPid, .. var flags] || flags is not ([] or ["--quick"]))
{
    Console.Error.WriteLine("usage: ClawGrpc.Bench FOLDER SANDBOX_URL CLAWGRPC_PID NGINX_PID [--quick]");
    return 2;
}

var schedule = flags is ["--quick"] ? Schedule.Quick : Schedule.Usual;
using var direct = new HttpCaller(null, new Uri(sandbox));
using var nginxCaller = new HttpCaller(Path.Join(folder, "nginx.sock"), new Uri("http://localhost"));
using var clawGrpcCaller = new ClawGrpcCaller(Path.Join(folder, "clawgrpc.sock"));
var clawGrpcCpu = new ProcessMeter(int.Parse(clawGrpcPid, CultureInfo.InvariantCulture));
var nginxCpu = new ProcessMeter(int.Parse(nginxPid, CultureInfo.InvariantCulture));
var clawGrpc = new Gateway(
    "clawgrpc", clawGrpcCaller.CallAsync, clawGrpcCpu, () => StartupHook.Ask(Path.Join(folder, "probe.sock")));
var nginx = new Gateway("nginx", nginxCaller.CallAsync, nginxCpu, () => default);

try
{
    await clawGrpcCaller.OnboardAsync();
    var comparisons = new List<Comparison>();
    foreach (var workload in Workload.All)
        comparisons.Add(await CompareAsync(workload));
    Report.Print(Console.Out, comparisons, clawGrpcCpu.ResidentBytes, nginxCpu.ResidentBytes);
    return 0;
}
catch (Exception exception) when (exception is WrongAnswerException or RpcException or HttpRequestException)
{
    Console.Error.WriteLine($"Nothing was measured: {exception.Message}");
    return 1;
}

async Task<Comparison> CompareAsync(Workload workload)
{
    var answer = await direct.FetchAsync(workload);
    foreach (var gateway in new[] { clawGrpc, nginx })
        await gateway.WarmUpAsync(workload, answer, schedule);
    var rounds = new List<(Sample ClawGrpc, Sample Nginx)>();
    for (var round = 0; round < schedule.Rounds; round++)
    {
        rounds.Add(
            (await clawGrpc.RunAsync(workload, answer, schedule.Round), await nginx.RunAsync(workload, answer, schedule.Round)));
    }
    return new Comparison(workload, rounds);
}
