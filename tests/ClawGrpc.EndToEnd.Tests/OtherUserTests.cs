namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Who may call, with real processes of real users.</summary>
public class OtherUserTests
{
    private const string Unknown = "Error: The caller is not known. Call the server's Unix socket as its own user, or show a "
        + "valid token of a client (CLAWGRPC_TOKEN_FILE or CLAWGRPC_TOKEN), a certificate or a signed token that leads to one; "
        + "claw clients makes them. The server's log has the cause.\n"
        + "No token was found: set CLAWGRPC_TOKEN_FILE, or pass --token-file.\n";

    private static readonly Dictionary<string, string> Key = new() { ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyOne };

    [NeedsRootFact]
    public async Task User_is_refused_until_it_is_bound_to_a_client()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        using var other = new OtherUser(fixture);
        await fixture.ServeAsync(
            Key, "--listen", $"unix:{fixture.Socket}", "--listen", $"unix:{other.Socket}", "--socket-mode", "666");
        var endpoint = $"unix:{other.Socket}";
        Assert.Equal((1, Unknown), await other.ClawAsync(endpoint, "whoami"));
        Assert.Equal((1, Unknown), await other.ClawAsync(endpoint, "models", "auth", "delete", "--yes", "anthropic:one"));

        await fixture.ClawAsync(
            "clients", "add", "ci", "--scope", "status", "--for-agent", "main", "--unix-user", $"{OtherUser.Id}");
        var (code, said) = await other.ClawAsync(endpoint, "whoami");
        Assert.Equal(0, code);
        Assert.StartsWith($"Client: ci\nKnown by: unix (user {OtherUser.Id})\nScopes: status\n", said, StringComparison.Ordinal);
        Assert.Equal(0, (await other.ClawAsync(endpoint, "models", "status")).Code);
        Assert.Equal(
            (1, "Error: Client \"ci\" may not do this: it takes the scope complete.\n"),
            await other.ClawAsync(endpoint, "complete", "Hello"));
        Assert.Equal(
            (1, "Error: Client \"ci\" may not use an agent \"work\".\n"),
            await other.ClawAsync(endpoint, "models", "status", "--agent", "work"));
        Assert.Equal(1, (await other.ClawAsync(endpoint, "clients", "update", "ci", "--scope", "admin")).Code);

        await fixture.ClawAsync("clients", "update", "ci", "--scope", "status", "--scope", "complete");
        Assert.Equal(0, (await other.ClawAsync(endpoint, "complete", "Hello")).Code);
        await fixture.ClawAsync("clients", "remove", "ci", "--yes");
        Assert.Equal((1, Unknown), await other.ClawAsync(endpoint, "whoami"));
    }

    [NeedsRootFact]
    public async Task Group_of_the_socket_may_connect_and_is_bound_by_its_number()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        using var other = new OtherUser(fixture);
        await fixture.ServeAsync(
            "--listen", $"unix:{fixture.Socket}", "--listen", $"unix:{other.Socket}", "--socket-mode", "660", "--socket-group",
            $"{OtherUser.Id}");
        await fixture.ClawAsync(
            "clients", "add", "team", "--scope", "status", "--all-agents", "--unix-group", $"{OtherUser.Id}");
        var (code, said) = await other.ClawAsync($"unix:{other.Socket}", "whoami");
        Assert.Equal(0, code);
        Assert.StartsWith("Client: team\n", said, StringComparison.Ordinal);
    }

    [NeedsRootFact]
    public async Task Socket_of_default_mode_lets_no_other_user_connect()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        using var other = new OtherUser(fixture);
        await fixture.ServeAsync("--listen", $"unix:{fixture.Socket}", "--listen", $"unix:{other.Socket}");
        foreach (var socket in new[] { other.Socket, fixture.Socket })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
            Assert.Equal(
                (1, $"Error: The socket of unix:{socket} is closed to you. The server opens it to others with --socket-mode and "
                    + "--socket-group.\n"),
                await other.ClawAsync($"unix:{socket}", "models", "status"));
        }
    }

    [NeedsRootFact]
    public async Task Port_is_closed_to_those_who_cannot_read_the_admin_token()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        using var other = new OtherUser(fixture);
        var server = await fixture.ServeAsync("--listen", "http://127.0.0.1:0");
        var port = PortOf(server);
        Assert.Equal((1, Unknown), await other.ClawAsync(port, "models", "status"));
        Assert.Equal((1, Unknown), await other.ClawAsync(port, "whoami"));
    }

    [Fact]
    public async Task Admin_token_is_its_owners_and_claw_finds_it()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync("--listen", "http://127.0.0.1:0");
        var path = Path.Join(fixture.State, "admin-token");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(fixture.State));
        Assert.StartsWith(
            "Client: admin\nKnown by: token (", await fixture.ClawAsync("whoami", "--endpoint", PortOf(server)),
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            (await File.ReadAllTextAsync(path)).Trim(), fixture.AllOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_goes_on_when_its_token_file_is_rotated()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync("--listen", $"unix:{fixture.Socket}", "--listen", "http://127.0.0.1:0");
        var file = Path.Join(fixture.Path, "token");
        await fixture.ClawAsync("clients", "add", "ci", "--scope", "status", "--all-agents");
        await fixture.ClawAsync("clients", "token", "create", "ci", "--to-file", file);
        var watch = fixture.Claw(
            "models", "status", "--watch", "--plain", "--endpoint", PortOf(server), "--token-file", file);
        await watch.LineWithAsync("anthropic/");

        var id = (await File.ReadAllTextAsync(file)).Split('_')[1];
        await fixture.ClawAsync("clients", "token", "rotate", id, "--grace", "0", "--to-file", file);
        await watch.ErrorWithAsync("Connected again.");

        await fixture.ClawAsync("clients", "token", "revoke", id);
        Assert.Equal(1, await watch.ExitAsync());
        Assert.DoesNotContain(
            (await File.ReadAllTextAsync(file)).Trim(), fixture.AllOutput, StringComparison.Ordinal);
    }

    private static string PortOf(RunningProgram server) => server.Out.Split([' ', ',', '\n'])
        .Single(word => word.StartsWith("http://127.0.0.1:", StringComparison.Ordinal));
}
