using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw clients token</c>, <c>claw whoami</c>, and the token that claw itself shows.</summary>
public sealed class ClientTokenTests : IAsyncLifetime
{
    private const string Secret = "claw_abcdefghijkl_FAKE0000000000000000000000000000000000000_abcdef";
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        var token = new ClientToken { TokenId = "abcdefghijkl", Label = "laptop", ExpireTime = In(90) };
        _terminal.Script.On<CreateTokenRequest>(_ => new CreateTokenResponse { Secret = Secret, Token = token });
        _terminal.Script.On<RotateTokenRequest>(_ => new RotateTokenResponse { Secret = Secret, Token = token });
        _terminal.Script.On<RevokeTokenRequest>(_ => new RevokeTokenResponse());
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Token_alone_goes_to_standard_output()
    {
        var run = await _terminal.ClawAsync(
            "clients", "token", "create", "ci", "--label", "laptop", "--ttl", "2h", "--bind-agent", "main", "--bind-session",
            "s");
        Assert.Equal(
            new Run(0, Secret + "\n",
                "Token abcdefghijkl (laptop), expires in 90d, never used.\nIt is not shown again.\n"), run);
        Assert.Equal(
            new CreateTokenRequest
            {
                Client = "ci",
                Label = "laptop",
                Ttl = Duration.FromTimeSpan(TimeSpan.FromHours(2)),
                AgentId = "main",
                SessionId = "s",
            },
            _terminal.Script.Single<CreateTokenRequest>());
    }

    [Fact]
    public async Task Token_goes_to_a_file_of_its_owner_and_is_not_printed()
    {
        var path = _terminal.FilePath("token");
        await File.WriteAllTextAsync(path, "claw_of_before");
        foreach (var json in new string[][] { [], ["--json"] })
        {
            var run = await _terminal.ClawAsync(["clients", "token", "rotate", "abcdefghijkl", "--to-file", path, .. json]);
            Assert.Equal(0, run.ExitCode);
            Assert.DoesNotContain(Secret, run.Out + run.Error, StringComparison.Ordinal);
            Assert.Contains($"It is in {path}.", run.Error, StringComparison.Ordinal);
            Assert.Equal(Secret + "\n", await File.ReadAllTextAsync(path));
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.Equal(["clawgrpc.sock", "token"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!)
            .Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task File_that_cannot_be_written_costs_no_token()
    {
        var folder = Path.GetDirectoryName(_terminal.SocketPath)!;
        foreach (var (path, problem) in new[]
        {
            (_terminal.FilePath("no/file"), $"there is no folder {folder}/no. Make it, or name another file."),
            (folder, "this is a folder. Name a file."),
        })
        {
            var run = await _terminal.ClawAsync("clients", "token", "create", "ci", "--to-file", path);
            Assert.Equal(new Run(1, "", $"Error: --to-file {path}: {problem}\n"), run);
        }

        Assert.Empty(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("my notes", "create", "ci")]
    [InlineData("my notes", "rotate", "abcdefghijkl")]
    [InlineData("claw_of_another", "create", "ci")]
    public async Task File_of_something_else_is_not_overwritten(string content, params string[] command)
    {
        var path = _terminal.FilePath("token");
        await File.WriteAllTextAsync(path, content);
        var run = await _terminal.ClawAsync(["clients", "token", .. command, "--to-file", path]);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.EndsWith("Name another file, or delete it.\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Failed_rotation_leaves_the_file_of_before()
    {
        _terminal.Script.On<RotateTokenRequest>(
            _ => throw Script.Failure(StatusCode.NotFound, ErrorReason.TokenNotFound, "Unknown token."));
        var path = _terminal.FilePath("token");
        await File.WriteAllTextAsync(path, "claw_of_before");
        Assert.Equal(1, (await _terminal.ClawAsync("clients", "token", "rotate", "abcdefghijkl", "--to-file", path)).ExitCode);
        Assert.Equal("claw_of_before", await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task Rotation_sends_grace_and_life()
    {
        await _terminal.ClawAsync("clients", "token", "rotate", "abcdefghijkl", "--grace", "0", "--no-expiry");
        await _terminal.ClawAsync("clients", "token", "rotate", "abcdefghijkl", "--ttl", "30d");
        Assert.Equal(
            [
                new RotateTokenRequest { TokenId = "abcdefghijkl", Grace = new Duration(), NoExpiry = true },
                new RotateTokenRequest { TokenId = "abcdefghijkl", Ttl = Duration.FromTimeSpan(TimeSpan.FromDays(30)) },
            ],
            _terminal.Script.Requests);
    }

    [Fact]
    public async Task Json_is_one_document()
    {
        Golden.Matches(
            "text/token-created.json", (await _terminal.ClawAsync("clients", "token", "create", "ci", "--json")).Out);
        Assert.Equal(
            new Run(0, "Revoked token: abcdefghijkl\n", ""),
            await _terminal.ClawAsync("clients", "token", "revoke", "abcdefghijkl"));
        Assert.Equal(
            "{\n  \"revoked\": \"abcdefghijkl\"\n}\n",
            (await _terminal.ClawAsync("clients", "token", "revoke", "abcdefghijkl", "--json")).Out);
    }

    [Fact]
    public async Task Whoami_prints_client_proof_and_rights()
    {
        IsCaller(13);
        var text = await _terminal.ClawAsync("whoami");
        Golden.Matches("text/whoami.txt", text.Out);
        Golden.Matches("text/whoami.json", (await _terminal.ClawAsync("whoami", "--json")).Out);
        Assert.Equal(
            "Warning: the token abcdefghijkl expires in 13d. Rotate it: claw clients token rotate abcdefghijkl\n", text.Error);
        IsCaller(15);
        Assert.Equal("", (await _terminal.ClawAsync("whoami")).Error);
        IsCaller(1, proof: "certificate");
        Assert.Equal("", (await _terminal.ClawAsync("whoami")).Error);
    }

    [Fact]
    public async Task Status_warns_of_a_token_that_ends_soon()
    {
        IsCaller(2);
        _terminal.HasStatus(new AgentStatus());
        Assert.Equal("", (await _terminal.ClawAsync("models", "status")).Error);
        _terminal.Environment["CLAWGRPC_TOKEN"] = Secret;
        Assert.StartsWith(
            "Warning: the token abcdefghijkl expires in 2d.", (await _terminal.ClawAsync("models", "status")).Error,
            StringComparison.Ordinal);
        _terminal.Script.On<WhoAmIRequest>(_ => throw Script.Failure(StatusCode.Internal, ErrorReason.Internal, "no"));
        Assert.Equal((0, ""), await CodeAndErrorAsync("models", "status"));
    }

    [Fact]
    public async Task Token_file_option_counts_before_the_environment()
    {
        IsCaller(90);
        _terminal.Environment["CLAWGRPC_TOKEN"] = "of-the-variable";
        await _terminal.ClawAsync("whoami");
        await File.WriteAllTextAsync(_terminal.FilePath("token"), Secret);
        await _terminal.ClawAsync("whoami", "--token-file", _terminal.FilePath("token"));
        Assert.Equal(["Bearer of-the-variable", $"Bearer {Secret}"], _terminal.Script.Authorizations);
    }

    [Fact]
    public async Task Unknown_caller_is_told_of_the_token_file_if_there_is_none()
    {
        _terminal.Script.On<WhoAmIRequest>(
            _ => throw Script.Failure(StatusCode.Unauthenticated, ErrorReason.Unauthenticated, "The caller is not known."));
        Assert.Equal(
            (1, "Error: The caller is not known.\nNo token was found: set CLAWGRPC_TOKEN_FILE, or pass --token-file.\n"),
            await CodeAndErrorAsync("whoami"));
        _terminal.Environment["CLAWGRPC_TOKEN"] = Secret;
        Assert.Equal((1, "Error: The caller is not known.\n"), await CodeAndErrorAsync("whoami"));
    }

    [Fact]
    public async Task Token_is_refused_in_the_clear_and_never_printed()
    {
        _terminal.Environment["CLAWGRPC_TOKEN"] = Secret;
        var run = await _terminal.ClawAsync("whoami", "--endpoint", "http://claw.example:1");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith(
            "Error: Refused to show the token of CLAWGRPC_TOKEN to http://claw.example:1: ", run.Error, StringComparison.Ordinal);
        var mistaken = await _terminal.ClawAsync("clients", "token", "revoke", Secret, Secret);
        Assert.DoesNotContain("FAKE", run.Error + mistaken.Error, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Error)> CodeAndErrorAsync(params string[] arguments)
    {
        var run = await _terminal.ClawAsync(arguments);
        return (run.ExitCode, run.Error);
    }

    private void IsCaller(double days, string proof = "token") => _terminal.Script.On<WhoAmIRequest>(_ => new WhoAmIResponse
    {
        Client = new V1.Client { Name = "ci", Scopes = { Scope.Complete }, Agents = { "main" } },
        Proof = proof,
        Shown = "abcdefghijkl",
        ExpireTime = In(days),
        BoundSessionId = "tour",
    });

    private Timestamp In(double days) => Timestamp.FromDateTimeOffset(_terminal.Time.GetUtcNow().AddDays(days));
}
