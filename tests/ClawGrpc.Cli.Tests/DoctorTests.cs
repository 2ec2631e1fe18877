using System.Runtime.Versioning;
using System.Text.Json;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw doctor</c>.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DoctorTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();
    private readonly GetServerResponse _server = new()
    {
        Version = "1.2.3",
        Listeners = { new Listener { Address = "unix:/run/clawgrpc.sock", Face = ListenerFace.Grpc } },
        Upstream = new UpstreamCheck
        {
            BaseUrl = "https://api.anthropic.com",
            HttpStatus = 401,
            Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(120)),
        },
    };

    private readonly WhoAmIResponse _caller = new()
    {
        Client = new V1.Client { Name = "local", Scopes = { Scope.Status, Scope.Admin } },
        Proof = "unix",
    };

    private readonly AgentStatus _status = new()
    {
        AgentId = "main",
        Auth = new AuthStatus { Profiles = { Profile("anthropic:default") } },
    };

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        (_server.Time, _server.Upstream.Time) = (At(TimeSpan.Zero), At(TimeSpan.Zero));
        _terminal.Script.On<GetServerRequest>(_ => _server);
        _terminal.Script.On<WhoAmIRequest>(_ => _caller);
        _terminal.Script.On<ListAgentsRequest>(_ => new ListAgentsResponse { Agents = { new Agent { AgentId = "main" } } });
        _terminal.HasStatus(_status);
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Healthy_service_has_a_line_for_each_check()
    {
        var run = await _terminal.ClawAsync("doctor");
        Assert.Equal(
            new Run(0,
                $"""
                ok       Folder    {Folder} is its owner's alone
                ok       Token     client local, by unix
                ok       Server    unix:{_terminal.SocketPath}, version 1.2.3
                ok       Listener  unix:/run/clawgrpc.sock (gRPC)
                ok       Clock     here, at the server and upstream the same
                ok       Upstream  https://api.anthropic.com answered in 120 ms
                ok       Profiles  main: 1 profile
                0 problems, 0 warnings.

                """,
                ""), run);
    }

    [Fact]
    public async Task Server_that_is_not_there_is_a_problem_and_the_folder_is_looked_at()
    {
        await _terminal.StopAsync();
        var findings = await FindAsync(exitCode: 1);
        Assert.Equal(["ok Folder", "problem Server"], findings.Select(each => $"{each.Level} {each.Check}"));
        Assert.Contains("Start one: clawgrpc --state-dir", findings[1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead | UnixFileMode.GroupExecute, "warning", "others can look into")]
    [InlineData(UnixFileMode.OtherWrite, "problem", "others can write into")]
    public async Task Folder_that_is_open_to_others_is_told(UnixFileMode more, string level, string text)
    {
        File.SetUnixFileMode(Folder, File.GetUnixFileMode(Folder) | more);
        var finding = Assert.Single(await FindAsync(level == "problem" ? 1 : 0), each => each.Check == "Folder");
        Assert.Equal((level, $"chmod go-rwx {Folder}"), (finding.Level, finding.Advice));
        Assert.StartsWith(text, finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clients.json")]
    [InlineData("agents/main/agent/auth-profiles.json")]
    public async Task Secrets_that_others_can_read_are_a_problem(string name)
    {
        var path = _terminal.FilePath(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "{}");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains(await FindAsync(1), each => each.Advice == $"chmod 600 {path}");
    }

    [Fact]
    public async Task File_of_the_token_that_others_can_read_is_a_problem()
    {
        var path = _terminal.FilePath("token");
        await File.WriteAllTextAsync(path, "claw_x");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        _terminal.Environment["CLAWGRPC_TOKEN_FILE"] = path;
        Assert.Contains(await FindAsync(1), each => each.Check == "Token" && each.Advice == $"chmod 600 {path}");
    }

    [Fact]
    public async Task Token_that_ends_soon_is_a_warning()
    {
        (_caller.Proof, _caller.Shown, _caller.ExpireTime) = ("token", "abcdefghijkl", At(TimeSpan.FromDays(3)));
        var finding = Assert.Single(await FindAsync(0), each => each.Check == "Token");
        Assert.Equal(("warning", "claw clients token rotate abcdefghijkl"), (finding.Level, finding.Advice));
    }

    [Fact]
    public async Task Refused_caller_is_a_problem()
    {
        _terminal.Script.On<WhoAmIRequest>(
            _ => throw Script.Failure(StatusCode.Unauthenticated, ErrorReason.Unauthenticated, ""));
        Assert.Contains(await FindAsync(1), each => each is { Level: "problem", Check: "Server" });
    }

    [Fact]
    public async Task Client_that_may_not_see_the_status_is_told_so()
    {
        _caller.Client.Scopes.Clear();
        _caller.Client.Scopes.Add(Scope.Complete);
        Assert.Contains(await FindAsync(0), each => each.Text.Contains("no scope status", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(120, 0, "between here and the server")]
    [InlineData(-120, 0, "between here and the server")]
    [InlineData(0, 90, "between the server and upstream")]
    [InlineData(20, 20, null)]
    public async Task Clocks_that_are_apart_are_a_problem(int server, int upstream, string? expected)
    {
        _server.Time = At(TimeSpan.FromSeconds(server));
        _server.Upstream.Time = At(TimeSpan.FromSeconds(server + upstream));
        var finding = Assert.Single(await FindAsync(expected is null ? 0 : 1), each => each.Check == "Clock");
        Assert.Contains(expected ?? "the same", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upstream_that_cannot_be_reached_is_a_problem()
    {
        _server.Upstream = new UpstreamCheck { BaseUrl = "https://api.anthropic.com", Problem = "Connection refused" };
        Assert.Contains(await FindAsync(1), each => each is { Check: "Upstream", Level: "problem" });
    }

    [Theory]
    [InlineData(-1, "problem", "has expired")]
    [InlineData(5, "warning", "expires in 5d")]
    [InlineData(60, "ok", "certificate for 60d")]
    public async Task Certificate_that_ends_is_told(int days, string level, string text)
    {
        _server.Listeners.Add(new Listener
        {
            Address = "https://claw.example:8787",
            Face = ListenerFace.Messages,
            CertificateExpireTime = At(TimeSpan.FromDays(days)),
        });
        Assert.Contains(
            await FindAsync(level == "problem" ? 1 : 0),
            each => each.Level == level && each.Text.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_profiles_lack_is_told_with_the_command_that_helps()
    {
        _status.Auth.MissingProvidersInUse.Add("openai");
        var expired = Profile("anthropic:old");
        expired.Expiry = ExpiryState.Expired;
        _status.Auth.Profiles.Add(expired);
        _status.Auth.UnusableProfiles.Add(new UnusableProfile
        {
            ProfileId = "anthropic:default",
            Reason = "rate_limit",
            RecoverTime = At(TimeSpan.FromMinutes(5)),
        });
        _status.Auth.UnusableProfiles.Add(
            new UnusableProfile { ProfileId = "anthropic:moved", Reason = "origin_changed", RecoveryHint = "rebind it" });
        _status.ConfigurationErrors.Add(new ConfigurationError { Path = "/x.json", Line = 3, KeyPath = "auth", Reason = "bad" });
        Assert.Equal(
            [
                ("problem", "/x.json:3: auth: bad", "The last good one is in force until it is mended."),
                ("problem", "main: no credential for openai", "claw onboard --agent main"),
                ("problem", "main: anthropic:old has expired", "claw onboard --agent main --profile-id anthropic:old"),
                ("warning", "main: anthropic:default is set aside (rate_limit), back in 5m", ""),
                ("problem", "main: anthropic:moved is set aside (origin_changed)", "rebind it"),
            ],
            (await FindAsync(1)).Where(each => each.Check is "Profiles" or "Configuration")
                .Select(each => (each.Level, each.Text, each.Advice)));
    }

    private string Folder => Path.GetDirectoryName(_terminal.SocketPath)!;

    private static ProfileStatus Profile(string id) =>
        new() { ProfileId = id, Provider = "anthropic", Expiry = ExpiryState.Static };

    private Timestamp At(TimeSpan later) => Timestamp.FromDateTimeOffset(_terminal.Time.GetUtcNow() + later);

    private async Task<List<Found>> FindAsync(int exitCode)
    {
        var run = await _terminal.ClawAsync("doctor", "--json");
        Assert.Equal((exitCode, ""), (run.ExitCode, run.Error));
        using var json = JsonDocument.Parse(run.Out);
        return [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(each => new Found(
            each.GetProperty("level").GetString()!,
            each.GetProperty("check").GetString()!,
            each.GetProperty("text").GetString()!,
            each.TryGetProperty("advice", out var advice) ? advice.GetString()! : ""))];
    }

    private sealed record Found(string Level, string Check, string Text, string Advice);
}
