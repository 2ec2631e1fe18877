using System.Diagnostics;

namespace ClawGrpc.Bench;

/// <summary>What is measured.</summary>
/// <param name="Name">For errors.</param>
/// <param name="CallAsync">One call of a caller; throws unless the answer is right.</param>
/// <param name="Process">Its process.</param>
/// <param name="Inside">What its runtime has allocated and compiled since the start; zeros: it has none.</param>
internal sealed record Gateway(
    string Name, Func<int, Workload, Answer, Task> CallAsync, ProcessMeter Process,
        Func<(long AllocatedBytes, int CompiledMethods)> Inside)
{
    // A few methods are compiled at any time, by what happens now and then.
    private const int FewMethods = 5;

    /// <summary>Calls until the gateway runs as it goes on running: its runtime has compiled all that is called often.</summary>
    /// <exception cref="WrongAnswerException">An answer was not right.</exception>
    public async Task WarmUpAsync(Workload workload, Answer answer, Schedule schedule)
    {
        var watch = Stopwatch.StartNew();
        Sample round;
        do
        {
            round = await RunAsync(workload, answer, schedule.Round);
        }
        while (round.CompiledMethods > FewMethods && watch.Elapsed < schedule.LongestWarmUp);
    }

    /// <summary>Calls for a time, each caller again as soon as it has its answer.</summary>
    /// <exception cref="WrongAnswerException">An answer was not right.</exception>
    public async Task<Sample> RunAsync(Workload workload, Answer answer, TimeSpan time)
    {
        var (cpu, (allocated, compiled)) = (Process.Cpu, Inside());
        var watch = Stopwatch.StartNew();
        var calls = await Task.WhenAll(
            Enumerable.Range(0, workload.Callers).Select(caller => Task.Run(() => CallOnAsync(caller))));
        var completions = calls.Sum();
        var (cpuAfter, (allocatedAfter, compiledAfter)) = (Process.Cpu, Inside());
        return new Sample(
            completions, completions * (workload.IsStream ? answer.Events : 1), cpuAfter - cpu, allocatedAfter - allocated,
                compiledAfter - compiled);

        async Task<int> CallOnAsync(int caller)
        {
            await Task.Delay(workload.StartOf(caller));
            var count = 0;
            do
            {
                await CallAsync(caller, workload, answer);
                count++;
            }
            while (watch.Elapsed < time);

            return count;
        }
    }
}

/// <summary>What one round came to.</summary>
/// <param name="Completions">Answers, all of them right.</param>
/// <param name="Units">Completions, or events where they are what counts.</param>
/// <param name="Cpu">User and system time of the gateway.</param>
/// <param name="AllocatedBytes">0: not known.</param>
/// <param name="CompiledMethods">What the gateway's runtime compiled meanwhile, which is in its CPU time; 0: not known.</param>
internal sealed record Sample(int Completions, long Units, TimeSpan Cpu, long AllocatedBytes, int CompiledMethods)
{
    public double MicrosecondsPerUnit => Cpu.TotalMicroseconds / Units;

    public double BytesPerUnit => (double)AllocatedBytes / Units;
}
