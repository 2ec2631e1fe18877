using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Tests;

public class InterruptTests
{
    [Fact]
    public async Task Press_between_parts_ends_the_next_part_alone()
    {
        using var interrupts = new Interrupts();
        interrupts.KeepsBetweenParts = true;
        await interrupts.DuringAsync(static _ => Task.FromResult(0), interrupts.Program);
        Assert.True(interrupts.Press());
        Assert.True(await IsEndedAsync(interrupts));
        Assert.False(await IsEndedAsync(interrupts));
        Assert.True(interrupts.Press());
        interrupts.Forget();
        Assert.False(await IsEndedAsync(interrupts));
        Assert.False(interrupts.Program.IsCancellationRequested);
    }

    [Fact]
    public async Task Press_outside_of_parts_ends_the_command_and_then_the_process()
    {
        using var interrupts = new Interrupts();
        await interrupts.DuringAsync(static _ => Task.FromResult(0), interrupts.Program);
        Assert.True(interrupts.Press());
        Assert.True(interrupts.Program.IsCancellationRequested);
        Assert.False(interrupts.Press());
    }

    private static Task<bool> IsEndedAsync(Interrupts interrupts) => interrupts.DuringAsync(
        static cancellation => Task.FromResult(cancellation.IsCancellationRequested), interrupts.Program);
}
