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
using var tokenCaller = new ClawGrpcCaller(Path.Join(folder, "clawgrpc.sock"));
using var clawGrpcCaller = new ClawGrpcCaller(Path.Join(folder, "clawgrpc.sock"));
var clawGrpcCpu = new ProcessMeter(int.Parse(clawGrpcPid, CultureInfo.InvariantCulture));
var nginxCpu = new ProcessMeter(int.Parse(nginxPid, CultureInfo.InvariantCulture));
var clawGrpc = new Gateway(
    "clawgrpc", clawGrpcCaller.CallAsync, clawGrpcCpu, () => StartupHook.Ask(Path.Join(folder, "probe.sock")));
var nginx = new Gateway("nginx", nginxCaller.CallAsync, nginxCpu, () => default);

try
{
    await clawGrpcCaller.OnboardAsync();
    await tokenCaller.UseTokenAsync();
    var comparisons = new List<Comparison>();
    foreach (var workload in Workload.All)
        comparisons.Add(await CompareAsync(workload, clawGrpc, nginx));
    var withToken = await CompareAsync(Workload.All[0], clawGrpc with { CallAsync = tokenCaller.CallAsync }, clawGrpc);
    Report.Print(Console.Out, comparisons, withToken, clawGrpcCpu.ResidentBytes, nginxCpu.ResidentBytes);
    return 0;
}
catch (Exception exception) when (exception is WrongAnswerException or RpcException or HttpRequestException)
{
    Console.Error.WriteLine($"Nothing was measured: {exception.Message}");
    return 1;
}

async Task<Comparison> CompareAsync(Workload workload, Gateway measured, Gateway measure)
{
    var answer = await direct.FetchAsync(workload);
    foreach (var gateway in new[] { measured, measure })
        await gateway.WarmUpAsync(workload, answer, schedule);
    var rounds = new List<(Sample ClawGrpc, Sample Nginx)>();
    for (var round = 0; round < schedule.Rounds; round++)
    {
        var first = await measured.RunAsync(workload, answer, schedule.Round);
        rounds.Add((first, await measure.RunAsync(workload, answer, schedule.Round)));
    }
    return new Comparison(workload, rounds);
}
