using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Running;

var environment = CliEnvironment.OfProcess();
Console.CancelKeyPress += (_, pressed) => pressed.Cancel = environment.Interrupts.Press();
return await ClawProgram.RunAsync(args, environment, environment.Interrupts.Program);
