using System.Text;

namespace ClawGrpc.Cli.Completing;

/// <summary>
/// The scripts by which shells complete <c>claw</c>: whole tables, so that a shell asks no process at each key. It asks
/// <c>claw</c> for the names of contexts only.
/// </summary>
internal static class ShellScripts
{
    // The names in what contexts list prints: a mark or a blank, a blank, the name, and more.
    private const string ContextNames = @"contexts list 2>/dev/null | sed -n 's/^[* ] \([A-Za-z0-9._-]*\) .*/\1/p'";

    /// <summary>For bash.</summary>
    public static string Bash(IReadOnlyList<CompletedCommand> commands) => new StringBuilder()
        .Append("# Completion of claw for bash: source <(claw completion bash)\n")
        .Append("_claw() {\n")
        .Append("    local at=claw word words='' rest='' helps='' current=${COMP_WORDS[COMP_CWORD]}\n")
        .Append("    local before=${COMP_WORDS[COMP_CWORD - 1]}\n")
        .Append("    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
        .Append($"        case \"$at $word\" in\n{Helps(commands)}")
        .Append($"            {Paths(commands)}) at=\"$at $word\" ;;\n        esac\n    done\n")
        .Append("    case \"$at $before\" in\n")
        .Append(Each(commands, Files, "COMPREPLY=($(compgen -f -- \"$current\")) && return"))
        .Append(Each(commands, IsContext, $"words=$(\"${{COMP_WORDS[0]}}\" {ContextNames})"))
        .AppendJoin("", commands.SelectMany(command => command.Options.Where(IsChoice).Select(option =>
            $"        {PatternOf(command, option)}) words='{string.Join(' ', option.Values)}' ;;\n")))
        .Append(Each(commands, IsFree, "return"))
        .Append("        *)\n            case $at in\n")
        .AppendJoin("", commands.Select(BashArm))
        .Append("            esac\n            [[ $helps ]] || words+=\" $rest\"\n            ;;\n    esac\n")
        .Append("    # shellcheck disable=SC2207 # No word here has a blank.\n")
        .Append("    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n")
        .Append("complete -F _claw claw\n").ToString();

    /// <summary>For zsh, sourced or as a file <c>_claw</c> in a folder of <c>fpath</c>.</summary>
    public static string Zsh(IReadOnlyList<CompletedCommand> commands) => new StringBuilder()
        .Append("#compdef claw\n# Completion of claw for zsh: source <(claw completion zsh), after compinit\n")
        .Append("_claw() {\n    local at=claw word helps=''\n    local -a choices rest\n")
        .Append("    for word in \"${(@)words[2,CURRENT-1]}\"; do\n")
        .Append($"        case \"$at $word\" in\n{Helps(commands)}")
        .Append($"            {Paths(commands)}) at=\"$at $word\" ;;\n        esac\n    done\n")
        .Append("    case \"$at ${words[CURRENT-1]}\" in\n")
        .Append(Each(commands, Files, "_files && return"))
        .Append(Each(commands, IsContext, $"choices=(${{(f)\"$(${{words[1]}} {ContextNames})\"}})"))
        .AppendJoin("", commands.SelectMany(command => command.Options.Where(IsChoice).Select(option =>
            $"        {PatternOf(command, option)}) choices=({string.Join(' ', option.Values)}) ;;\n")))
        .Append(Each(commands, IsFree, "return"))
        .Append("        *)\n            case $at in\n")
        .AppendJoin("", commands.Select(ZshArm))
        .Append("            esac\n            [[ -n $helps ]] || choices+=(\"${rest[@]}\")\n            ;;\n    esac\n")
        .Append("    _describe -t claw claw choices\n}\n")
        .Append("if [[ ${funcstack[1]-} == _claw ]]; then _claw \"$@\"; else compdef _claw claw; fi\n").ToString();

    /// <summary>For fish.</summary>
    public static string Fish(IReadOnlyList<CompletedCommand> commands)
    {
        const string contexts = "(__claw_contexts)";
        var script = new StringBuilder()
            .Append("# Completion of claw for fish: claw completion fish | source\n")
            .Append("function __claw_at\n    set -l at claw\n    for word in (commandline -opc)[2..]\n")
            .Append("        switch \"$at $word\"\n")
            .AppendJoin("", HelpPaths(commands).Select(path => $"            case '{path}'\n                set at claw\n"))
            .Append("            case ").Append(Paths(commands).Replace(" | ", " ", StringComparison.Ordinal))
            .Append("\n                set at \"$at $word\"\n        end\n    end\n    test \"$at\" = \"$argv[1]\"\nend\n")
            .Append($"function __claw_contexts\n    set -l claw (commandline -opc)[1]\n    $claw {ContextNames}\nend\n")
            .Append("complete -c claw -f\n");
        foreach (var command in commands)
        {
            var start = $"complete -c claw -n \"__claw_at '{command.Path}'\"";
            foreach (var (word, text) in command.Next)
                script.Append($"{start} -a {word} -d {Quoted(text, @"\'")}\n");
            foreach (var value in command.TakesContext ? command.Values.Append(contexts) : command.Values)
                script.Append($"{start} -a '{value}'\n");
            foreach (var option in command.Options)
                script.Append($"{start} {Fish(option, contexts)} -d {Quoted(option.Text, @"\'")}\n");
        }

        return script.ToString();
    }

    private static string Fish(CompletedOption option, string contexts)
    {
        var value = option switch
        {
            { Value: OptionValue.None } => "",
            { Values: [_, ..] values } => $" -x -a '{string.Join(' ', values)}'",
            { Value: OptionValue.Context } => $" -x -a '{contexts}'",
            { Value: OptionValue.File } => " -r -F",
            _ => " -x",
        };
        return $"-l {option.Name[2..]}{(option.Short.Length > 0 ? $" -s {option.Short[1..]}" : "")}{value}";
    }

    private static string BashArm(CompletedCommand command)
    {
        var words = string.Join(' ', command.Next.Select(each => each.Word));
        var rest = string.Join(' ', RestOf(command).Select(each => each.Word));
        var contexts = command.TakesContext ? $" && rest+=\" $(\"${{COMP_WORDS[0]}}\" {ContextNames})\"" : "";
        return $"                '{command.Path}') words='{words}' rest='{rest}'{contexts} ;;\n";
    }

    private static string ZshArm(CompletedCommand command)
    {
        var (choices, rest) = (Described(command.Next), Described(RestOf(command)));
        var contexts = command.TakesContext ? $" && rest+=(${{(f)\"$(${{words[1]}} {ContextNames})\"}})" : "";
        return $"                '{command.Path}') choices=({choices}) rest=({rest}){contexts} ;;\n";
    }

    // What may follow a command that is no command: values, and the options with a long name; each has one.
    private static IEnumerable<(string Word, string Text)> RestOf(CompletedCommand command) =>
        command.Values.Select(value => (value, "")).Concat(command.Options.Select(option => (option.Name, option.Text)));

    // For zsh, where a text follows its word.
    private static string Described(IEnumerable<(string Word, string Text)> words) => string.Join(
        ' ', words.Select(each => each.Text.Length > 0 ? Quoted($"{each.Word}:{each.Text}") : each.Word));

    // What follows a command that takes commands is completed as if that word was not there, without options.
    private static string Helps(IReadOnlyList<CompletedCommand> commands) =>
        string.Concat(HelpPaths(commands).Select(path => $"            '{path}') helps=1 ;;\n"));

    private static IEnumerable<string> HelpPaths(IReadOnlyList<CompletedCommand> commands) =>
        commands.Where(command => command.TakesCommand).Select(command => command.Path);

    private static bool IsChoice(CompletedOption option) => option.Values.Count > 0;

    private static bool Files(CompletedOption option) => option.Value == OptionValue.File && !IsChoice(option);

    private static bool IsContext(CompletedOption option) => option.Value == OptionValue.Context;

    private static bool IsFree(CompletedOption option) => option.Value == OptionValue.Word && !IsChoice(option);

    private static string Paths(IReadOnlyList<CompletedCommand> commands) =>
        string.Join(" | ", commands.Skip(1).Where(command => !command.TakesCommand).Select(command => $"'{command.Path}'"));

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
