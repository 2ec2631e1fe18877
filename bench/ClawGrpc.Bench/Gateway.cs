using System.Diagnostics;

namespace ClawGrpc.Bench;

/// <summary>What is measured.</summary>
/// <param name="Name">For errors.</param>
/// <param name="CallAsync">One call of a caller; throws unless the answer is right.</param>
/// <param name="Process">Its process.</param>
/// <param name="AllocatedBytes">What it has allocated since its start; 0: it does not say.</param>
internal sealed record Gateway(string Name, Func<int, Workload, Answer, Task> CallAsync, ProcessMeter Process, Func<long> AllocatedBytes)
{
    /// <summary>Calls for a time, each caller again as soon as it has its answer.</summary>
    /// <exception cref="WrongAnswerException">An answer was not right.</exception>
    public async Task<Sample> RunAsync(Workload workload, Answer answer, TimeSpan time)
    {
        var (cpu, allocated) = (Process.Cpu, AllocatedBytes());
        var watch = Stopwatch.StartNew();
        var calls = await Task.WhenAll(Enumerable.Range(0, workload.Callers).Select(caller => Task.Run(() => CallOnAsync(caller))));
        var completions = calls.Sum();
        return new Sample(completions, completions * (workload.IsStream ? answer.Events : 1), Process.Cpu - cpu, AllocatedBytes() - allocated);

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
internal sealed record Sample(int Completions, long Units, TimeSpan Cpu, long AllocatedBytes)
{
    public double MicrosecondsPerUnit => Cpu.TotalMicroseconds / Units;

    public double BytesPerUnit => (double)AllocatedBytes / Units;
}
