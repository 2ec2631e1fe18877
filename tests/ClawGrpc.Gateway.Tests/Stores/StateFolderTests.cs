using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

public sealed class StateFolderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/given", "/variable", "/given")]
    [InlineData(" /given/ ", null, "/given")]
    [InlineData(null, " /variable ", "/variable")]
    [InlineData("  ", "", "/home/u/.clawgrpc")]
    [InlineData(null, null, "/home/u/.clawgrpc")]
    [InlineData("~", null, "/home/u")]
    [InlineData("~/x/../y", null, "/home/u/y")]
    [InlineData("/a/~/b", null, "/a/~/b")]
    public void The_option_comes_before_the_variable_and_the_home(string? option, string? variable, string path) =>
        Assert.Equal(path, StateFolder.Resolve(option, name => name switch
        {
            "CLAWGRPC_STATE_DIR" => variable,
            "OPENCLAW_STATE_DIR" when !string.IsNullOrWhiteSpace(variable) => "/wrong",
            _ => null,
        }, "/home/u").Path);

    [Theory]
    [InlineData("OPENCLAW_STATE_DIR", "/x/openclaw.json")]
    [InlineData("CLAWDBOT_STATE_DIR", "/x/clawdbot.json")]
    [InlineData("MOLTBOT_STATE_DIR", "/x/moltbot.json")]
    public void Variables_of_other_programs_name_folder_and_configuration(string variable, string config) =>
        Assert.Equal(config, StateFolder.Resolve(null, name => name == variable ? "/x" : null, "/home/u").ConfigPath);

    [Fact]
    public void First_existing_folder_is_used_without_variables()
    {
        string[] folders = [".moltbot", ".clawdbot", ".openclaw", ".clawgrpc"];
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(_folder[folder]);
            Assert.Equal(_folder[folder], StateFolder.Resolve(null, _ => null, _folder.Path).Path);
        }
    }

    [Theory]
    [InlineData("OPENCLAW_CONFIG_PATH", "~/c.json", "/home/u/c.json", "/home/u/.openclaw/agents/main/agent")]
    [InlineData("CLAWDBOT_AGENT_DIR", "/a", "/home/u/.openclaw/openclaw.json", "/a")]
    [InlineData("PI_CODING_AGENT_DIR", "/a", "/home/u/.openclaw/openclaw.json", "/a")]
    public void Configuration_and_main_agents_folder_may_be_elsewhere(
        string variable, string value, string config, string agentDir)
    {
        var state = StateFolder.Resolve("~/.openclaw", name => name == variable ? value : null, "/home/u");

        Assert.Equal((config, agentDir), (state.ConfigPath, state.AgentDir("main")));
        Assert.Equal("/home/u/.openclaw/agents/work/agent", state.AgentDir("work"));
    }

    [Fact]
    public void Variable_sets_the_generation()
    {
        Assert.Equal("openclaw-cn", StateFolder.Resolve(
            "/x", name => name == "CLAWGRPC_GENERATION" ? "openclaw-cn" : null, "/").GenerationOf([], "2026.2.1").Name);
        Assert.Equal("clawgrpc", StateFolder.Resolve("/x", _ => null, "/").GenerationOf([], null).Name);
        Assert.Throws<ArgumentException>(
            () => StateFolder.Resolve("/x", name => name == "CLAWGRPC_GENERATION" ? "cn" : null, "/"));
    }

    [Theory]
    [InlineData("OPENCLAW_STATE_DIR", ".openclaw/openclaw.json")]
    [InlineData("CLAWDBOT_STATE_DIR", "elsewhere/clawdbot.json")]
    [InlineData("CLAWGRPC_STATE_DIR", "elsewhere/clawgrpc.json")]
    public void OpenClaw_folder_without_configuration_uses_the_usual_path(string variable, string expected)
    {
        Directory.CreateDirectory(_folder[".openclaw"]);
        File.WriteAllText(_folder[".openclaw/openclaw.json"], "{}");
        var state = StateFolder.Resolve(null, name => name == variable ? _folder["elsewhere"] : null, _folder.Path);
        Assert.Equal(_folder[expected], state.ConfigPath);

        Directory.CreateDirectory(_folder["elsewhere"]);
        File.WriteAllText(_folder["elsewhere/openclaw.json"], "{}");
        Assert.Equal(_folder["elsewhere/openclaw.json"], state.ConfigPath);
    }

    [Theory]
    [InlineData("~/.clawdbot", "clawdbot")]
    [InlineData("~/.openclaw", "openclaw")]
    [InlineData("/x", "clawgrpc", "/x/clawgrpc.json")]
    [InlineData("/x", "clawdbot", "/x/clawgrpc.json", "/x/clawdbot.json")]
    [InlineData("~/.clawdbot", "clawdbot", "/elsewhere/mine.json5")]
    [InlineData("~/.openclaw", "moltbot", "/home/u/.openclaw/moltbot.json")]
    public void Generation_is_read_from_the_files_or_else_the_folder(string folder, string generation, params string[] files) =>
        Assert.Equal(generation, StateFolder.Resolve(folder, _ => null, "/home/u").GenerationOf(files, null).Name);

    [Fact]
    public void A_relative_folder_is_made_absolute() =>
        Assert.Equal(Path.Join(Directory.GetCurrentDirectory(), "x"), StateFolder.Resolve("x", _ => null, "/home/u").Path);

    [Fact]
    public void The_files_are_where_OpenClaw_has_them()
    {
        var state = StateFolder.Resolve("/s", _ => null, "/");
        Assert.Equal("/s/clawgrpc.json", state.ConfigPath);
        Assert.Equal("/s/agents/main/agent", state.AgentDir("main"));
        Assert.Equal("/s/agents/main/agent/auth-profiles.json", state.AuthProfilesPath("main"));
    }

    [Fact]
    public void The_configuration_is_that_of_the_program_whose_folder_it_is()
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        string[] names = ["moldbot.json", "moltbot.json", "clawdbot.json", "openclaw.json", "clawgrpc.json"];
        foreach (var name in names)
        {
            File.WriteAllText(_folder[name], "{}");
            Assert.Equal(_folder[name], state.ConfigPath);
        }
    }

    [Theory]
    [InlineData("main", true)]
    [InlineData("A-b_c.9", true)]
    [InlineData("...", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("../x", false)]
    [InlineData("a\\b", false)]
    [InlineData("a b", false)]
    [InlineData("a\0", false)]
    [InlineData("ä", false)]
    [InlineData("a\n", false)]
    [InlineData("a:b", false)]
    public void An_agents_id_cannot_lead_anywhere_else(string id, bool isId)
    {
        var state = StateFolder.Resolve("/s", _ => null, "/");
        Assert.Equal(isId, StateFolder.IsAgentId(id));
        if (!isId)
            Assert.Throws<ArgumentException>(() => state.AuthProfilesPath(id));
    }

    [Fact]
    public void An_agents_id_has_at_most_64_characters()
    {
        Assert.True(StateFolder.IsAgentId(new string('a', 64)));
        Assert.False(StateFolder.IsAgentId(new string('a', 65)));
    }

    [Fact]
    public void New_folders_are_private_and_existing_ones_keep_their_mode()
    {
        Directory.CreateDirectory(_folder["old"], (UnixFileMode)0b111_101_101);
        StateFolder.MakeDirectory(_folder["old/a/b"]);
        StateFolder.Resolve(_folder["new"], _ => null, "/").Create();
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(_folder["old"]));
        Assert.All(["old/a", "old/a/b", "new"], name => Assert.Equal(StateFolder.OwnerOnly, File.GetUnixFileMode(_folder[name])));
    }

    [Fact]
    public void The_agents_are_the_folders_that_have_an_agents_name()
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        Assert.Empty(state.StoredAgents());
        foreach (var name in new[] { "work", "main", "no agent" })
            Directory.CreateDirectory(_folder[$"agents/{name}"]);
        File.WriteAllText(_folder["agents/file"], "");
        Assert.Equal(["main", "work"], state.StoredAgents());
    }

    [Fact]
    public void Only_leftovers_of_a_crash_are_removed()
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        state.RemoveLeftovers();
        var agent = state.AgentDir("main");
        Directory.CreateDirectory(agent);
        foreach (var path in new[] { _folder["clawgrpc.json"], state.AuthProfilesPath("main") })
        {
            File.WriteAllText(path, "{}");
            File.WriteAllText(path + ".clawgrpc-0123456789abcdef.tmp", "{");
            File.WriteAllText(path + ".123.0123.tmp", "{");
        }

        state.RemoveLeftovers();
        Assert.Equal(["agents/", "clawgrpc.json", "clawgrpc.json.123.0123.tmp"], _folder.Names);
        Assert.Equal(["auth-profiles.json", "auth-profiles.json.123.0123.tmp"], Directory.EnumerateFiles(
            agent).Select(Path.GetFileName).Order());
    }
}
