using ClawGrpc.V1;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>One server for all terminals of the tests, with a token where the wizard would put an API key, and a login of Claude
/// Code on the machine.</summary>
public sealed class WizardScreens : IAsyncLifetime, IAsyncDisposable
{
    internal const string Key = "Enter Anthropic API key";
    internal const string Replace = "Replace it with an API key?";
    internal const string Check = "Ask Anthropic now";
    internal const string SetupToken = "Paste Anthropic setup-token";
    internal const string Name = "Token name";

    /// <summary>A setup-token that the sandbox takes.</summary>
    internal static readonly string Token = "sk-ant-oat01-FAKE-" + new string('0', 80);

    /// <summary>The prompts of the wizard, each with the keys that lead to it and a text that it shows.</summary>
    internal static readonly (string Name, string[] Keys, string Shows)[] Prompts =
    [
        ("choice", [], "How does Claude know you?"),
        ("key", ["Enter"], Key),
        ("odd-key", ["Enter", $"?{Key}", "=FAKE-gateway-key", "Enter"], "does not look like an API key"),
        ("replace", ["Enter", $"?{Key}", $"={ProcessFixture.KeyOne}", "Enter"], Replace),
        ("other-name", ["Enter", $"?{Key}", $"={ProcessFixture.KeyOne}", "Enter", $"?{Replace}", "n"], "Name of another profile"),
        ("check", ["Enter", $"?{Key}", $"={ProcessFixture.KeyOne}", "Enter", $"?{Replace}", "y"], Check),
        ("token", ["Down", "Enter"], SetupToken),
        ("token-name", ["Down", "Enter", $"?{SetupToken}", $"={Token}", "Enter"], Name),
        ("token-check", ["Down", "Enter", $"?{SetupToken}", $"={Token}", "Enter", $"?{Name}", "=laptop", "Enter"], Check),
    ];

    /// <summary>What the questions of these prompts end with.</summary>
    internal static readonly Dictionary<string, string> Choices = new()
    {
        ["odd-key"] = "[y/N]",
        ["replace"] = "[y/N]",
        ["check"] = "[Y/n]",
        ["token-check"] = "[Y/n]",
    };

    internal ProcessFixture Fixture { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Fixture = await ProcessFixture.BuildAsync();
        await Fixture.ServeAsync(new Dictionary<string, string> { ["HOME"] = Fixture.Path });
        Directory.CreateDirectory(Path.Join(Fixture.Path, ".claude"));
        await File.WriteAllTextAsync(
            Path.Join(Fixture.Path, ".claude/.credentials.json"),
            """{"claudeAiOauth":{"accessToken":"sk-ant-oat01-FAKE-login","refreshToken":"FAKE","expiresAt":4102444800000}}""");
        using var channel = Fixture.Connect();
        await new AuthService.AuthServiceClient(channel).OnboardAsync(
            new OnboardRequest { SetupToken = new SetupTokenCredential { Token = Token } });
    }

    public Task DisposeAsync() => Fixture.DisposeAsync().AsTask();

    ValueTask IAsyncDisposable.DisposeAsync() => Fixture.DisposeAsync();

    /// <summary>Another such server.</summary>
    internal static async Task<WizardScreens> StartAsync()
    {
        var screens = new WizardScreens();
        await screens.InitializeAsync();
        return screens;
    }

    /// <summary>Opens a terminal with a command of <c>claw</c>.</summary>
    internal Task<TmuxTerminal> OpenAsync(int columns, int rows, params IEnumerable<string> arguments) => TmuxTerminal.OpenAsync(
        Fixture,
        columns,
        rows,
        new Dictionary<string, string>
        {
            ["HOME"] = Fixture.Path,
            ["CLAWGRPC_STATE_DIR"] = Fixture.State,
            ["ANTHROPIC_API_KEY"] = "",
            ["CLAWGRPC_ENDPOINT"] = "",
            ["DOTNET_TieredPGO"] = "0",
        },
        [RunningProgram.FileOf("ClawGrpc.Cli", "claw"), .. arguments]);

    /// <summary>Presses keys; what begins with <c>=</c> is typed, and for what begins with <c>?</c> the screen is
    /// awaited.</summary>
    internal static async Task PressAsync(TmuxTerminal terminal, params IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            await (key[0] switch
            {
                '=' => terminal.TypeAsync(key[1..]),
                '?' => terminal.ShowsAsync(key[1..]),
                _ => terminal.PressAsync(key),
            });
        }
    }

    /// <summary>Removes a profile that a test stored.</summary>
    internal async Task RemoveAsync(string profileId)
    {
        using var channel = Fixture.Connect();
        await new AuthService.AuthServiceClient(channel).DeleteProfileAsync(new DeleteProfileRequest { ProfileId = profileId });
    }
}
