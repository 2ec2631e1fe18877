using System.Security.Cryptography;
using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>What the programs print: never a secret of any kind, whatever they are told.</summary>
public class SecretOutputTests
{
    [NeedsFact("openssl", "it makes the certificates")]
    public async Task No_program_prints_a_secret()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await Certificates.MakeAsync(fixture);
        var (keyFile, tokenFile) = (Path.Join(fixture.Path, "seal.key"), Path.Join(fixture.Path, "token"));
        await File.WriteAllTextAsync(keyFile, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await fixture.ConfigureAsync($$"""
            {
              models: { providers: { anthropic: { baseUrl: '{{fixture.Sandbox.BaseUrl}}', models: [] } } },
              clawgrpc: { seal: { keyFile: '{{keyFile}}' } },
            }
            """);
        await ServeAsync(fixture);
        var onboard = fixture.Claw("onboard", "--non-interactive", "--anthropic-api-key", "-", "--profile-id", "anthropic:one");
        await onboard.TellAsync(ProcessFixture.KeyOne);
        Assert.True(await onboard.ExitAsync() == 0, onboard.Error);
        await fixture.ClawAsync("clients", "add", "ci", "--scope", "status", "--scope", "complete", "--all-agents");
        await fixture.ClawAsync("clients", "token", "create", "ci", "--to-file", tokenFile);
        var token = (await File.ReadAllTextAsync(tokenFile)).Trim();

        foreach (var command in Commands)
            await fixture.ClawAsync(command.Split(' '));
        await fixture.ClawAsync("clients", "token", "rotate", token.Split('_')[1], "--to-file", tokenFile);
        var rotated = (await File.ReadAllTextAsync(tokenFile)).Trim();

        // People paste into the wrong place.
        foreach (var secret in new[] { ProcessFixture.KeyOne, token })
        {
            foreach (var command in Mistakes)
                await fixture.Claw(command.Replace("SECRET", secret, StringComparison.Ordinal).Split(' ')).ExitAsync();
        }

        string[] secrets =
        [
            ProcessFixture.KeyOne, ProcessFixture.KeyTwo, token, rotated,
            .. await Task.WhenAll(
                new[] { "admin-token", "clawgrpc.key" }.Select(name => File.ReadAllTextAsync(Path.Join(fixture.State, name)))),
            await File.ReadAllTextAsync(keyFile), (await File.ReadAllLinesAsync(Path.Join(fixture.Path, "server.key")))[1],
        ];
        Assert.Contains("trce: ", fixture.AllOutput, StringComparison.Ordinal);
        foreach (var secret in secrets)
            Assert.DoesNotContain(secret.Trim(), fixture.AllOutput, StringComparison.Ordinal);

        // Sealed, and hashed.
        foreach (var secret in secrets[..4])
            Assert.DoesNotContain(secret, fixture.Snapshot(), StringComparison.Ordinal);
    }

    private static readonly string[] Commands =
    [
        "models status", "models status --json", "models status --plain", "models list --all", "models list --json",
        "complete Hello", "complete Hello --receipt", "complete Hello --plan", "agents list", "secrets status",
        "secrets status --json", "secrets seal", "clients list", "clients list --json", "clients show ci",
        "clients show ci --json", "whoami", "whoami --json", "audit head", "audit tail", "audit verify",
    ];

    private static readonly string[] Mistakes =
    [
        "models status --agent SECRET", "complete Hello --model SECRET", "complete Hello --agent SECRET", "clients show SECRET",
        "clients add SECRET --scope status --all-agents", "clients token revoke SECRET", "clients token rotate SECRET",
        "models auth order set --provider anthropic SECRET", "SECRET", "--SECRET", "whoami --endpoint SECRET",
        "audit verify --anchor SECRET",
    ];

    private static Task<RunningProgram> ServeAsync(ProcessFixture fixture) => fixture.ServeAsync(
        new Dictionary<string, string>
        {
            ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyTwo,
            ["Logging__LogLevel__Default"] = "Trace",
            ["Logging__LogLevel__Microsoft"] = "Trace",
        },
        "--listen", $"unix:{fixture.Socket}", "--listen", "https://127.0.0.1:0",
        "--tls-cert", Path.Join(fixture.Path, "server.pem"), "--tls-key", Path.Join(fixture.Path, "server.key"));
}
