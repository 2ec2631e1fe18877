using System.Globalization;
using ClawGrpc.Bench;
using Grpc.Core;

// Run by ../run.sh, which starts the processes that are named here.
if (args is not [var folder, var sandbox, var clawGrpcPid, var replicaPid, var nginxPid, .. var flags]
    || flags is not ([] or ["--quick"]))
{
    Console.Error.WriteLine("usage: ClawGrpc.Bench FOLDER SANDBOX_URL CLAWGRPC_PID REPLICA_PID NGINX_PID [--quick]");
    return 2;
}

var schedule = flags is ["--quick"] ? Schedule.Quick : Schedule.Usual;
using var direct = new HttpCaller("sandbox", null, new Uri(sandbox));
using var nginxCaller = new HttpCaller("nginx", Path.Join(folder, "nginx.sock"), new Uri("http://localhost"));
using var faceCaller = new HttpCaller("clawgrpc over HTTP", Path.Join(folder, "http.sock"), new Uri("http://localhost"));
using var tokenCaller = new ClawGrpcCaller(Path.Join(folder, "clawgrpc.sock"));
using var clawGrpcCaller = new ClawGrpcCaller(Path.Join(folder, "clawgrpc.sock"));
using var replicaCaller = new ClawGrpcCaller(Path.Join(folder, "replica.sock"));
var clawGrpcCpu = new ProcessMeter(int.Parse(clawGrpcPid, CultureInfo.InvariantCulture));
var nginxCpu = new ProcessMeter(int.Parse(nginxPid, CultureInfo.InvariantCulture));
var clawGrpc = new Gateway(
    "clawgrpc", clawGrpcCaller.CallAsync, clawGrpcCpu, () => StartupHook.Ask(Path.Join(folder, "clawgrpc-probe.sock")));
var replica = new Gateway(
    "clawgrpc over PostgreSQL", replicaCaller.CallAsync,
    new ProcessMeter(int.Parse(replicaPid, CultureInfo.InvariantCulture)),
    () => StartupHook.Ask(Path.Join(folder, "replica-probe.sock")));
var nginx = new Gateway("nginx", nginxCaller.CallAsync, nginxCpu, () => default);

try
{
    await clawGrpcCaller.OnboardAsync();
    await replicaCaller.OnboardAsync();
    faceCaller.Token = await tokenCaller.UseTokenAsync();
    var comparisons = new List<Comparison>();
    foreach (var workload in Workload.All)
        comparisons.Add(await CompareAsync(workload, clawGrpc, nginx));
    foreach (var workload in Workload.All.Take(2))
    {
        var overHttp = await OverHttpAsync(workload);
        comparisons.Add(await CompareAsync(workload with { Unit = $"{workload.Unit}, HTTP" }, overHttp, nginx));
    }

    var withToken = await CompareAsync(Workload.All[0], clawGrpc with { CallAsync = tokenCaller.CallAsync }, clawGrpc);
    var withPostgres = await CompareAsync(Workload.All[0], replica, clawGrpc);
    Report.Print(Console.Out, comparisons, withToken, withPostgres, clawGrpcCpu.ResidentBytes, nginxCpu.ResidentBytes);
    return 0;
}
catch (Exception exception) when (exception is WrongAnswerException or RpcException or HttpRequestException)
{
    Console.Error.WriteLine($"Nothing was measured: {exception.Message}");
    return 1;
}

// A whole answer is folded from a stream: other JSON than upstream's own, the same each time.
async Task<Gateway> OverHttpAsync(Workload workload)
{
    var folded = await faceCaller.FetchAsync(workload);
    if (folded.Bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(workload.IsStream ? "x" : workload.Text)) < 0)
        throw new WrongAnswerException("clawgrpc over HTTP: another completion than was asked for.");
    return clawGrpc with
    {
        Name = "clawgrpc over HTTP",
        CallAsync = (caller, load, answer) => faceCaller.CallAsync(caller, load, load.IsStream ? answer : folded),
    };
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
