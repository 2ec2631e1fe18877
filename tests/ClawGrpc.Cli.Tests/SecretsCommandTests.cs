using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw secrets</c>: command to RPC and RPC to text.</summary>
public sealed class SecretsCommandTests : IAsyncLifetime
{
    private static readonly Sealing Rotating = new()
    {
        ActiveKeyId = "key:00000000000000b2",
        Keys =
        {
            new SealingKey { KeyId = "key:00000000000000a1", Path = "/srv/u/.keys/old", SealedCount = 1 },
            new SealingKey { KeyId = "key:00000000000000b2", Path = "/srv/u/.keys/new", SealedCount = 3 },
            new SealingKey { Path = "/etc/clawgrpc/lost", Problem = "there is no file /etc/clawgrpc/lost" },
        },
        Agents =
        {
            new AgentSealing
            {
                AgentId = "main",
                StorePath = "/srv/u/.clawgrpc/agents/main/agent/auth-profiles.json",
                SealsNewSecrets = true,
                SealedCount = 5,
                PlainCount = 1,
                SealedByKey =
                {
                    new SealedCount { Count = 1 },
                    new SealedCount { KeyId = "key:00000000000000a1", Count = 1 },
                    new SealedCount { KeyId = "key:00000000000000b2", Count = 3 },
                },
                UnopenedProfiles = { new UnopenedProfile { ProfileId = "anthropic:cut", Reason = "it is cut off or damaged" } },
                PlainFiles = { "/srv/u/.clawgrpc/credentials/oauth.json" },
            },
            new AgentSealing
            {
                AgentId = "work",
                StorePath = "/srv/u/.openclaw/agents/work/agent/auth-profiles.json",
                SharedWith = "OpenClaw",
                PlainCount = 2,
            },
        },
    };

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Theory]
    [InlineData("secrets-status.txt", "status")]
    [InlineData("secrets-status.json", "status", "--json")]
    [InlineData("secrets-rotate.txt", "rotate", "--key", "key:00000000000000b2")]
    [InlineData("secrets-rotate.json", "rotate", "--json")]
    public async Task Output_matches_its_file(string golden, params string[] command)
    {
        _terminal.Script.On<GetSealingRequest>(_ => new GetSealingResponse { Sealing = Rotating });
        _terminal.Script.On<RotateSealingKeyRequest>(
            _ => new RotateSealingKeyResponse { Sealing = Rotating, ChangedCount = 3 });
        var run = await _terminal.ClawAsync(["secrets", .. command]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches($"text/{golden}", run.Out);
    }

    [Fact]
    public async Task Rotate_asks_for_the_named_key()
    {
        _terminal.Script.On<RotateSealingKeyRequest>(_ => new RotateSealingKeyResponse { Sealing = new Sealing() });
        await _terminal.ClawAsync("secrets", "rotate", "--key", "key:00000000000000b2");
        Assert.Equal("key:00000000000000b2", _terminal.Script.Single<RotateSealingKeyRequest>().KeyId);
    }

    [Fact]
    public async Task Seal_refuses_shared_folders_unless_told_otherwise()
    {
        _terminal.Script.On<SealSecretsRequest>(_ => new SealSecretsResponse { Sealing = new Sealing(), ChangedCount = 1 });
        var run = await _terminal.ClawAsync("secrets", "seal", "--agent", "work");
        Assert.Equal(new Run(0, "Sealed 1 secret.\nKeys: none (clawgrpc.seal.keyFile)\n", ""), run);
        Assert.Equal(new SealSecretsRequest { AgentId = "work" }, _terminal.Script.Single<SealSecretsRequest>());
        await _terminal.ClawAsync("secrets", "seal", "--even-if-shared");
        Assert.Equal(
            new SealSecretsRequest { AllowSharedFolder = true },
            _terminal.Script.Requests.OfType<SealSecretsRequest>().Last());
    }

    [Fact]
    public async Task Unseal_says_how_many_secrets_are_plain_text_now()
    {
        _terminal.Script.On<UnsealSecretsRequest>(_ => new UnsealSecretsResponse { Sealing = new Sealing(), ChangedCount = 2 });
        var run = await _terminal.ClawAsync("secrets", "unseal");
        Assert.Equal(new Run(0, "Unsealed 2 secrets.\nKeys: none (clawgrpc.seal.keyFile)\n", ""), run);
    }
}
