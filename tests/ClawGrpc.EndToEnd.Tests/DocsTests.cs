using System.Text.RegularExpressions;
using ClawGrpc.V1;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>What the README says about commands, and docs/failures.md about failures.</summary>
public partial class DocsTests
{
    private static readonly string Readme = File.ReadAllText(Path.Join(Repository.Root, "README.md"));
    private static readonly string Failures = File.ReadAllText(Path.Join(Repository.Root, "docs/failures.md"));

    [Fact]
    public void Readme_begins_with_make_demo_and_make_test()
    {
        Assert.Equal("make demo\nmake test\n", FirstCommands().Match(Readme).Groups[1].Value);
    }

    [Fact]
    public void Failures_have_one_row_for_each_kind_of_failure()
    {
        var kinds = Enum.GetNames<FailureKind>().Where(kind => kind != nameof(FailureKind.Unspecified))
            .Select(kind => WordStart().Replace(kind, " $0").TrimStart().ToLowerInvariant());
        var table = FailureTable().Match(Failures).Groups[1].Value;
        Assert.Equal(kinds.Order(), table.Split('\n').Skip(2).Select(row => row.Split('|')[1].Trim()).Order());
    }

    [GeneratedRegex("```sh[^\n]*\n([^`]*?)```")]
    private static partial Regex FirstCommands();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"# What a failure means\n[\s\S]*?\n\n(\|[\s\S]*?)\n\n")]
    private static partial Regex FailureTable();
}
