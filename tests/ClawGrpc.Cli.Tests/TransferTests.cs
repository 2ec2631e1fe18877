using System.Diagnostics;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw import</c> and <c>claw export</c> run the server's commands, which are where the database is.</summary>
public sealed class TransferTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw-").FullName;
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Environment["PATH"] = _folder;
    }

    public async Task DisposeAsync()
    {
        await _terminal.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("import")]
    [InlineData("export")]
    public async Task Server_does_it_and_its_exit_code_counts(string command)
    {
        var server = Path.Join(_folder, "clawgrpc");
        await File.WriteAllTextAsync(server, $"#!/bin/sh\necho \"$@\" > '{_folder}/called'\nexit 7\n");
        Process.Start("chmod", ["+x", server]).WaitForExit();
        Assert.Equal(7, (await _terminal.ClawAsync(command, "a folder", "--seal-key", "seal.key")).ExitCode);
        Assert.Equal($"{command} a folder --seal-key seal.key\n", await File.ReadAllTextAsync(Path.Join(_folder, "called")));
    }

    [Fact]
    public async Task Without_the_server_it_says_where_to_run_it() => Assert.Equal(
        new Run(
            1, "", "Error: clawgrpc is not on this machine. Run where it is, with CLAWGRPC_DSN set: clawgrpc import DIR\n"),
        await _terminal.ClawAsync("import", "a folder"));
}
