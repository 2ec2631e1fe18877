using System.Diagnostics;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Cli.Tests;

/// <summary>The scripts of <c>claw completion</c>, in real shells.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw-completion-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("claw mod", "models")]
    [InlineData("claw models auth or", "order")]
    [InlineData("claw models status --probe-p", "--probe-profile --probe-provider")]
    [InlineData("claw --agent main models st", "status")]
    [InlineData("claw completion ", "--agent --ca --context --endpoint --help --token-file bash fish zsh")]
    [InlineData("claw models al", "aliases allow")]
    [InlineData("claw models auth paste-", "paste-api-key paste-token")]
    [InlineData("claw -a main agents ", "--agent --ca --context --endpoint --help --token-file add list remove")]
    [InlineData("claw usage --", "--agent --by --ca --client --context --endpoint --help --json --since --token-file --until")]
    [InlineData("claw contexts ", "--agent --ca --context --endpoint --help --token-file add list remove show use")]
    [InlineData("claw complete -m ", "")]
    [InlineData("claw models status --probe-timeout ", "")]
    [InlineData("claw whoami --ca /proc/versi", "/proc/version")]
    public async Task Bash_completes(string line, string expected)
    {
        var script = await ScriptAsync("bash");
        var words = line.Split(' ');
        var said = Run("bash", "--norc", "-c", $$"""
            source '{{script}}'
            COMP_WORDS=({{string.Join(' ', words[..^1])}} "{{words[^1]}}")
            COMP_CWORD={{words.Length - 1}}
            _claw
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        var offered = said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
        Assert.Equal(expected, string.Join(' ', offered));
    }

    [NeedsFact("zsh", "it completes")]
    public async Task Zsh_completes_at_a_terminal()
    {
        var script = await ScriptAsync("zsh");
        var said = Run("zsh", "-f", "-c", $$"""
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "autoload -Uz compinit; compinit -u -d '{{_folder}}/dump'; source '{{script}}'"
            zpty -w shell 'claw() { print -r -- g"ot <$*> e"nd }; print -r -- rea"dy"'
            zpty -r shell line '*ready*'
            zpty -w -n shell $'claw mod\tau\tord\t\n'
            zpty -r shell line '*got <*> end*'
            print -r -- "$line"
            zpty -w -n shell $'claw -a main cont\tsh\t--js\t\n'
            zpty -r shell line '*got <*> end*'
            print -r -- "$line"
            zpty -w -n shell $'claw us\t--si\t7d --unt\t\n'
            zpty -r shell line '*got <*> end*'
            print -r -- "$line"
            """);
        Assert.Contains("got <models auth order> end", said, StringComparison.Ordinal);
        Assert.Contains("got <-a main contexts show --json> end", said, StringComparison.Ordinal);
        Assert.Contains("got <usage --since 7d --until> end", said, StringComparison.Ordinal);
    }

    [NeedsFact("fish", "it completes")]
    public async Task Fish_completes()
    {
        var script = await ScriptAsync("fish");
        var said = Run("fish", "--no-config", "-c", $"source '{script}'; complete --do-complete 'claw models auth or'");
        Assert.Equal("order\tManage per-agent auth profile order overrides\n", said);
        Assert.Equal(
            "disallow\tRemove models from the allowed ones; without the last one all models are allowed\n",
            Run("fish", "--no-config", "-c", $"source '{script}'; complete --do-complete 'claw models -a main disal'"));
        Assert.Equal(
            "--token-stdin\tStore a token from standard input, or a prompt\n",
            Run("fish", "--no-config", "-c", $"source '{script}'; complete --do-complete 'claw contexts add x --token-s'"));
    }

    private async Task<string> ScriptAsync(string shell)
    {
        await using var terminal = new Terminal();
        var run = await terminal.ClawAsync("completion", shell);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var path = Path.Join(_folder, "claw." + shell);
        await File.WriteAllTextAsync(path, run.Out);
        return path;
    }

    private string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment["HOME"] = _folder;
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return said;
    }
}
