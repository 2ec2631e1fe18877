using System.Diagnostics;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Cli.Tests;

/// <summary>The scripts of <c>claw completion</c>, in real shells.</summary>
public sealed class CompletionTests : IDisposable
{
    // Answers as claw with two contexts does.
    private const string Contexts =
        """
        claw() { [ "$*" = "contexts list" ] && printf '%s\n' '* home    unix:/s  token: none' '  work.2  unix:/t  token: none'; }
        """;

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
    [InlineData("claw usage --by ", "agent client day model none profile")]
    [InlineData("claw complete --cache s", "short")]
    [InlineData("claw contexts use ", "--agent --ca --context --endpoint --help --token-file default home work.2")]
    [InlineData("claw contexts show w", "work.2")]
    [InlineData("claw contexts remove h", "home")]
    [InlineData("claw contexts add h", "")]
    [InlineData("claw models list --context ", "home work.2")]
    [InlineData("claw help mod", "models")]
    [InlineData("claw help models auth or", "order")]
    [InlineData("claw help contexts ", "add list remove show use")]
    [InlineData("claw help contexts use ", "")]
    public async Task Bash_completes(string line, string expected)
    {
        var script = await ScriptAsync("bash");
        var words = line.Split(' ');
        var said = Run("bash", "--norc", "-c", $$"""
            source '{{script}}'
            {{Contexts}}
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
            zpty -w shell 'claw() { [[ $* == "contexts list" ]] && print -l "* home h" "  work.2 h" || print g"ot <$*> e"nd }'
            zpty -w shell 'print -r -- rea"dy"'
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
            zpty -w -n shell $'claw us\t--by mod\t\n'
            zpty -r shell line '*got <*> end*'
            print -r -- "$line"
            zpty -w -n shell $'claw cont\tu\two\t\n'
            zpty -r shell line '*got <*> end*'
            print -r -- "$line"
            zpty -w -n shell $'claw --context ho\the\tmod\tau\tord\t\n'
            zpty -r shell line '*got <*> end*'
            print -r -- "$line"
            """);
        Assert.Contains("got <usage --by model> end", said, StringComparison.Ordinal);
        Assert.Contains("got <contexts use work.2> end", said, StringComparison.Ordinal);
        Assert.Contains("got <--context home help models auth order> end", said, StringComparison.Ordinal);
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
        const string contexts = """
            function claw; test "$argv" = "contexts list"; and printf '%s\n' '* home  h' '  work.2  h'; end
            """;
        foreach (var (line, expected) in new[]
        {
            ("usage --by mo", "model"), ("contexts use d", "default"), ("contexts use wo", "work.2"),
            ("--context ho", "home"), ("help models auth or", "order"),
        })
        {
            var offered = Run("fish", "--no-config", "-c", $"source '{script}'; {contexts}; complete -C 'claw {line}'");
            Assert.Equal(expected, offered.TrimEnd().Split('\t')[0]);
        }
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
