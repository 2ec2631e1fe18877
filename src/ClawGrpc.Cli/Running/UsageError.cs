using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using ClawGrpc.Cli.Commands;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Running;

/// <summary>The errors of a command line, in OpenClaw's words (openclaw-spec.md, section 7; exit code 1, as there).</summary>
internal static partial class UsageError
{
    /// <summary>The failure to exit with; null if the command line is valid.</summary>
    public static CliFailure? Of(ParseResult parsed)
    {
        if (Problem(parsed) is not { } problem)
            return null;
        var command = string.Join(' ', Path(parsed).Select(part => part.Name));
        return CliFailure.Verbatim($"error: {problem}\nSee {command} --help.");
    }

    private static string? Problem(ParseResult parsed)
    {
        // Report unknown options first; otherwise their values look like stray arguments.
        if (UnknownOption(parsed) is { } option)
            return $"unknown option '{option}'{Spelling.Suggestion(option, Options(parsed))}";
        if (parsed.Errors.Count == 0)
            return null;
        return parsed.Errors[0].SymbolResult switch
        {
            OptionResult result => OfOption(result),
            ArgumentResult { Parent: OptionResult result } => OfOption(result),
            ArgumentResult result => $"missing required argument '{result.Argument.Name}'",
            _ when parsed.UnmatchedTokens is [var word, ..] => OfWord(parsed.CommandResult, word, parsed.UnmatchedTokens.Count),
            _ => parsed.Errors[0].Message,
        };
    }

    private static string OfOption(OptionResult result)
    {
        var flags = result.Option.HelpName is { } value ? $"{result.Option.Name} <{value}>" : result.Option.Name;
        return result.Tokens switch
        {
            [] => $"option '{flags}' argument missing",
            [var only] => $"option '{flags}' argument '{only.Value}' is invalid.",
            _ => $"option '{flags}' was given {result.Tokens.Count} times.",
        };
    }

    private static string OfWord(CommandResult result, string word, int unmatched)
    {
        var command = result.Command;
        var suggestion = Spelling.Suggestion(word, command.Subcommands.SelectMany(each => each.Aliases.Prepend(each.Name)));
        if (command is VerbGroup || result.Parent is null)
            return $"unknown command '{word}'{suggestion}";
        var expected = command.Arguments.Count;
        var given = unmatched + result.Children.OfType<ArgumentResult>().Sum(each => each.Tokens.Count);
        return $"too many arguments for '{command.Name}'. "
            + $"Expected {expected} argument{(expected == 1 ? "" : "s")} but got {given}.{suggestion}";
    }

    // The parser takes unknown options for arguments. Only the name is reported: the value may be a secret.
    private static string? UnknownOption(ParseResult parsed)
    {
        var values = Ancestors(parsed.CommandResult).SelectMany(part => part.Children.OfType<OptionResult>())
            .SelectMany(option => option.Tokens).ToHashSet(ReferenceEqualityComparer.Instance);
        return parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Where(token => token.Type == TokenType.Argument && !values.Contains(token) && Flag().IsMatch(token.Value))
            .Select(token => token.Value.Split('=')[0]).FirstOrDefault();
    }

    private static IEnumerable<string> Options(ParseResult parsed) => Path(parsed).SelectMany(command => command.Options)
        .Where(option => !option.Hidden).Select(option => option.Name)
        .Where(name => name.StartsWith("--", StringComparison.Ordinal));

    private static IEnumerable<Command> Path(ParseResult parsed) =>
        Ancestors(parsed.CommandResult).Select(part => part.Command).Reverse();

    private static IEnumerable<CommandResult> Ancestors(CommandResult last)
    {
        for (SymbolResult? part = last; part is CommandResult command; part = part.Parent)
            yield return command;
    }

    [GeneratedRegex(@"^--?[A-Za-z][A-Za-z0-9-]*(=.*)?\z", RegexOptions.Singleline)]
    private static partial Regex Flag();
}
