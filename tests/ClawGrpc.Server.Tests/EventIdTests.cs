using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Postgres;
using ClawGrpc.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Server.Tests;

/// <summary>The event ids of the log, by which operators filter, and their table in docs/operations.md.</summary>
public partial class EventIdTests
{
    private static readonly List<LoggerMessageAttribute> Messages =
    [
        .. new[] { typeof(ServerHost), typeof(PostgresStore), typeof(StateFolder) }
            .SelectMany(type => type.Assembly.GetTypes())
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public
                | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>(),
    ];

    [Fact]
    public void Event_id_means_one_thing()
    {
        Assert.NotEmpty(Messages);
        Assert.All(
            Messages.GroupBy(message => message.EventId),
            group => Assert.True(
                group.Select(message => message.Message).Distinct().Count() == 1,
                $"{group.Key}: {string.Join(" | ", group.Select(message => message.Message))}"));
    }

    [Fact]
    public void Page_lists_every_event_id_with_its_levels()
    {
        var rows = Row().Matches(File.ReadAllText(Page())).Select(row => (
            Ids: row.Groups["ids"].Value.Split(", ").Select(int.Parse).ToList(),
            Levels: row.Groups["levels"].Value.Split(", ").ToHashSet())).ToList();
        Assert.Equal(
            Messages.Select(message => message.EventId).Distinct().Order(), rows.SelectMany(row => row.Ids).Order());

        // Where the code decides the level, the attribute has none.
        foreach (var (ids, levels) in rows)
        {
            var used = Messages.Where(message => ids.Contains(message.EventId)).Select(message => message.Level)
                .Where(level => level != LogLevel.None).Select(level => $"{level}").ToHashSet();
            Assert.True(used.Count == 0 || levels.SetEquals(used), $"{string.Join(", ", ids)}: {string.Join(", ", used)}");
        }
    }

    private static string Page([CallerFilePath] string here = "") =>
        Path.Join(Path.GetDirectoryName(here), "../../docs/operations.md");

    [GeneratedRegex("^\\| (?<ids>[0-9, ]+) \\| (?<levels>[A-Za-z, ]+) \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
