using System.Text;

namespace ClawGrpc.Cli.Completing;

/// <summary>
/// The scripts by which shells complete <c>claw</c>: whole tables, so that a shell asks no process at each key.
/// </summary>
internal static class ShellScripts
{
    /// <summary>For bash.</summary>
    public static string Bash(IReadOnlyList<CompletedCommand> commands) => new StringBuilder()
        .Append("# Completion of claw for bash: source <(claw completion bash)\n")
        .Append("_claw() {\n")
        .Append("    local at=claw word words='' current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n")
        .Append("    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
        .Append($"        case \"$at $word\" in\n            {Paths(commands)}) at=\"$at $word\" ;;\n        esac\n    done\n")
        .Append("    case \"$at $before\" in\n")
        .Append(Each(commands, Files, "COMPREPLY=($(compgen -f -- \"$current\")) && return"))
        .AppendJoin("", commands.SelectMany(command => command.Options.Where(IsChoice).Select(option =>
            $"        {PatternOf(command, option)}) words='{string.Join(' ', option.Values)}' ;;\n")))
        .Append(Each(commands, IsFree, "return"))
        .Append("        *)\n            case $at in\n")
        .AppendJoin("", commands.Select(command =>
            $"                '{command.Path}') words='{string.Join(' ', WordsOf(command).Select(each => each.Word))}' ;;\n"))
        .Append("            esac\n            ;;\n    esac\n")
        .Append("    # shellcheck disable=SC2207 # No word here has a blank.\n")
        .Append("    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n")
        .Append("complete -F _claw claw\n").ToString();

    /// <summary>For zsh, sourced or as a file <c>_claw</c> in a folder of <c>fpath</c>.</summary>
    public static string Zsh(IReadOnlyList<CompletedCommand> commands) => new StringBuilder()
        .Append("#compdef claw\n# Completion of claw for zsh: source <(claw completion zsh), after compinit\n")
        .Append("_claw() {\n    local at=claw word\n    local -a choices\n")
        .Append("    for word in \"${(@)words[2,CURRENT-1]}\"; do\n")
        .Append($"        case \"$at $word\" in\n            {Paths(commands)}) at=\"$at $word\" ;;\n        esac\n    done\n")
        .Append("    case \"$at ${words[CURRENT-1]}\" in\n")
        .Append(Each(commands, Files, "_files && return"))
        .AppendJoin("", commands.SelectMany(command => command.Options.Where(IsChoice).Select(option =>
            $"        {PatternOf(command, option)}) choices=({string.Join(' ', option.Values)}) ;;\n")))
        .Append(Each(commands, IsFree, "return"))
        .Append("        *)\n            case $at in\n")
        .AppendJoin("", commands.Select(command => $"                '{command.Path}') choices=({string.Join(
            ' ', WordsOf(command).Select(each => Quoted($"{each.Word}:{each.Text}")))}) ;;\n"))
        .Append("            esac\n            ;;\n    esac\n    _describe -t claw claw choices\n}\n")
        .Append("if [[ ${funcstack[1]-} == _claw ]]; then _claw \"$@\"; else compdef _claw claw; fi\n").ToString();

    /// <summary>For fish.</summary>
    public static string Fish(IReadOnlyList<CompletedCommand> commands)
    {
        var script = new StringBuilder()
            .Append("# Completion of claw for fish: claw completion fish | source\n")
            .Append("function __claw_at\n    set -l at claw\n    for word in (commandline -opc)[2..]\n")
            .Append("        switch \"$at $word\"\n            case ")
            .Append(Paths(commands).Replace(" | ", " ", StringComparison.Ordinal))
            .Append("\n                set at \"$at $word\"\n        end\n    end\n    test \"$at\" = \"$argv[1]\"\nend\n")
            .Append("complete -c claw -f\n");
        foreach (var command in commands)
        {
            var start = $"complete -c claw -n \"__claw_at '{command.Path}'\"";
            foreach (var (word, text) in command.Next)
                script.Append($"{start} -a {word} -d {Quoted(text, @"\'")}\n");
            foreach (var option in command.Options)
            {
                var value = option switch
                {
                    { Value: OptionValue.None } => "",
                    { Values: [_, ..] values } => $" -x -a '{string.Join(' ', values)}'",
                    { Value: OptionValue.File } => " -r -F",
                    _ => " -x",
                };
                var letter = option.Short.Length > 0 ? $" -s {option.Short[1..]}" : "";
                script.Append($"{start} -l {option.Name[2..]}{letter}{value} -d {Quoted(option.Text, @"\'")}\n");
            }
        }

        return script.ToString();
    }

    // The options with a long name; each has one.
    private static IEnumerable<(string Word, string Text)> WordsOf(CompletedCommand command) =>
        command.Next.Concat(command.Options.Select(option => (option.Name, option.Text)));

    private static bool IsChoice(CompletedOption option) => option.Values.Count > 0;

    private static bool Files(CompletedOption option) => option.Value == OptionValue.File && !IsChoice(option);

    private static bool IsFree(CompletedOption option) => option.Value == OptionValue.Word && !IsChoice(option);

    private static string Paths(IReadOnlyList<CompletedCommand> commands) =>
        string.Join(" | ", commands.Skip(1).Select(command => $"'{command.Path}'"));

    private static string Each(IReadOnlyList<CompletedCommand> commands, Func<CompletedOption, bool> which, string then)
    {
        var patterns = commands.SelectMany(command =>
            command.Options.Where(which).Select(option => PatternOf(command, option))).ToList();
        return patterns.Count == 0 ? "" : $"        {string.Join(" | ", patterns)}) {then} ;;\n";
    }

    private static string PatternOf(CompletedCommand command, CompletedOption option) =>
        string.Join(" | ", option.Names.Select(name => $"'{command.Path} {name}'"));

    private static string Quoted(string text, string quote = @"'\''") =>
        $"'{text.Replace("'", quote, StringComparison.Ordinal)}'";
}
