using System.CommandLine;
using System.CommandLine.Completions;

namespace ClawGrpc.Cli.Completing;

/// <summary>What may follow one command.</summary>
/// <param name="Path">The command from the program on, such as <c>claw models auth</c>.</param>
/// <param name="Next">Its commands, with their lines in the help.</param>
/// <param name="Options">Its options, and those of the commands above it that it takes too.</param>
internal sealed record CompletedCommand(
    string Path, IReadOnlyList<(string Word, string Text)> Next, IReadOnlyList<CompletedOption> Options)
{
    /// <summary>Every command of a program.</summary>
    public static IEnumerable<CompletedCommand> Of(Command root) => Of(root, root.Name, []);

    private static IEnumerable<CompletedCommand> Of(Command command, string path, IReadOnlyList<CompletedOption> above)
    {
        var own = command.Options.Where(option => !option.Hidden).ToList();
        var options = own.Select(CompletedOption.Of).Concat(above).ToList();
        var inherited = own.Where(option => option.Recursive).Select(CompletedOption.Of).Concat(above).ToList();
        var next = command.Subcommands.Where(each => !each.Hidden).ToList();
        return next.SelectMany(each => Of(each, $"{path} {each.Name}", inherited)).Prepend(
            new CompletedCommand(path, [.. next.Select(each => (each.Name, each.Description ?? ""))], options));
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
}
