using ClawGrpc.Cli;

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    // The first Ctrl-C lets the call be cancelled upstream; the second ends the program at once.
    pressed.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
};
return await ClawProgram.RunAsync(args, Surroundings.OfProcess(), interrupted.Token);
