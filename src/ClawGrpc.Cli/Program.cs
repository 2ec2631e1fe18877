using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Running;

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    // The first Ctrl-C cancels the call, upstream too; the second ends the process at once.
    pressed.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
};
return await ClawProgram.RunAsync(args, CliEnvironment.OfProcess(), interrupted.Token);
