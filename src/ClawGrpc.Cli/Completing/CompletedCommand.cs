using System.CommandLine;
using System.CommandLine.Completions;

namespace ClawGrpc.Cli.Completing;

/// <summary>What may follow one command.</summary>
/// <param name="Path">The command from the program on, such as <c>claw models auth</c>.</param>
/// <param name="Next">Its commands, with their lines in the help.</param>
/// <param name="Options">Its options, and those of the commands above it that it takes too.</param>
/// <param name="Values">The values of its arguments; empty if there are too many to name.</param>
internal sealed record CompletedCommand(
    string Path,
    IReadOnlyList<(string Word, string Text)> Next,
    IReadOnlyList<CompletedOption> Options,
    IReadOnlyList<string> Values)
{
    /// <summary>Whether its argument is the name of a context.</summary>
    public bool TakesContext { get; private init; }

    /// <summary>Whether its arguments are a command of the program.</summary>
    public bool TakesCommand { get; private init; }

    /// <summary>Every command of a program.</summary>
    public static IEnumerable<CompletedCommand> Of(Command root) => Of(root, root.Name, []);

    private static IEnumerable<CompletedCommand> Of(Command command, string path, IReadOnlyList<CompletedOption> above)
    {
        var own = command.Options.Where(option => !option.Hidden).ToList();
        var options = own.Select(CompletedOption.Of).Concat(above).ToList();
        var inherited = own.Where(option => option.Recursive).Select(CompletedOption.Of).Concat(above).ToList();
        var next = command.Subcommands.Where(each => !each.Hidden).ToList();
        var values = command.Arguments.SelectMany(argument => argument.GetCompletions(CompletionContext.Empty))
            .Select(item => item.InsertText ?? item.Label).ToList();
        var completed = new CompletedCommand(path, [.. next.Select(each => (each.Name, each.Description ?? ""))], options, values)
        {
            TakesContext = command.Arguments.Any(each => each.CompletionSources.Contains(CompletedNames.OfContexts)),
            TakesCommand = command.Arguments.Any(each => each.CompletionSources.Contains(CompletedNames.OfCommands)),
        };
        return next.SelectMany(each => Of(each, $"{path} {each.Name}", inherited)).Prepend(completed);
    }
}

/// <summary>An option as a shell completes it.</summary>
/// <param name="Name">Its long name.</param>
/// <param name="Short">Its letter, such as <c>-a</c>; empty if it has none.</param>
/// <param name="Text">Its line in the help.</param>
/// <param name="Value">What follows it.</param>
/// <param name="Values">The values that it takes; empty if there are too many to name.</param>
internal sealed record CompletedOption(
    string Name, string Short, string Text, OptionValue Value, IReadOnlyList<string> Values)
{
    public static CompletedOption Of(Option option)
    {
        var values = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool)
            ? [] : option.GetCompletions(CompletionContext.Empty).Select(item => item.InsertText ?? item.Label).ToList();
        var letter = option.Aliases.FirstOrDefault(alias => alias is ['-', not '-']) ?? "";
        return new CompletedOption(option.Name, letter, option.Description ?? "", ValueOf(option), values);
    }

    /// <summary>All that name it on a command line.</summary>
    public IEnumerable<string> Names => Short.Length > 0 ? [Name, Short] : [Name];

    private static OptionValue ValueOf(Option option) => option switch
    {
        { ValueType: var type } when type == typeof(bool) => OptionValue.None,
        _ when option.CompletionSources.Contains(CompletedNames.OfContexts) => OptionValue.Context,
        { HelpName: "path" or "file" or "dir" } => OptionValue.File,
        _ => OptionValue.Word,
    };
}

/// <summary>What follows an option.</summary>
internal enum OptionValue
{
    /// <summary>The next word is none of it.</summary>
    None,

    /// <summary>A word.</summary>
    Word,

    /// <summary>The path of a file.</summary>
    File,

    /// <summary>The name of a context.</summary>
    Context,
}
