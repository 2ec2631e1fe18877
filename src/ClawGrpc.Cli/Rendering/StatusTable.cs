using ClawGrpc.V1;
using Spectre.Console;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A status as the table of <c>models status --watch</c> on a terminal: a row for each profile, and for each route that
/// is set aside.</summary>
internal static class StatusTable
{
    // Below these widths the columns that matter least are left out, so that no row wraps.
    private const int ForAll = 100;
    private const int ForMost = 70;

    // A border and the spaces on both sides of a cell.
    private const int BesideACell = 3;
    private const int ShortestName = 8;
    private const string Profile = "Profile";

    /// <summary>The table.</summary>
    /// <param name="status">The status.</param>
    /// <param name="now">The time.</param>
    /// <param name="interruption">Why the watch is interrupted; null if it is not.</param>
    /// <param name="width">The columns of the terminal: what does not fit is cut.</param>
    public static Table Of(AgentStatus status, DateTimeOffset now, string? interruption, int width)
    {
        var auth = status.Auth ?? new AuthStatus();
        var table = new Table { Border = width < ForMost ? TableBorder.Simple : TableBorder.Rounded };
        table.Title = new TableTitle(
            Markup.Escape(Cut($"{status.AgentId} · {status.ResolvedDefault} · revision {status.Revision}", width)));
        if (interruption is not null)
            table.Caption = new TableTitle(Markup.Escape(Cut(interruption, width)), new Style(Color.Red));
        table.Expand = width < ForAll;
        var columns = ColumnsOf(width);
        List<Dictionary<string, string>> rows = [.. auth.Profiles.SelectMany(profile => RowsOf(profile, auth, now))];
        var others = columns.Skip(1).Sum(name =>
            BesideACell + rows.Select(row => TextOf(row, name).Length).Append(name.Length).Max());
        var forNames = Math.Max(ShortestName, width - others - BesideACell - 1);
        foreach (var name in columns)
            table.AddColumn(new TableColumn(name).NoWrap());
        foreach (var row in rows)
        {
            var name = width < ForAll ? row[Profile].Replace("  anthropic/", "  ", StringComparison.Ordinal) : row[Profile];
            row[Profile] = Cut(name, forNames);
            table.AddRow(columns.Select(column => new Text(TextOf(row, column))));
        }

        return table;
    }

    private static IEnumerable<Dictionary<string, string>> RowsOf(ProfileStatus profile, AuthStatus auth, DateTimeOffset now)
    {
        var asides = auth.UnusableProfiles.Where(unusable => unusable.ProfileId == profile.ProfileId).ToList();
        var whole = asides.Find(unusable => unusable.Model.Length == 0);
        yield return new()
        {
            [Profile] = profile.ProfileId,
            ["Type"] = Words.Of(profile.Type),
            ["Expiry"] = Expiry(profile, now),
            ["State"] = State(whole),
            ["Back in"] = BackIn(whole, now),
            ["Served"] = Count(profile.Usage?.Completions),
            ["Cached"] = Count(profile.Usage?.Usage?.CacheReadInputTokens),
        };
        foreach (var route in asides.Where(unusable => unusable.Model.Length > 0))
        {
            yield return new()
            {
                [Profile] = "  " + route.Model,
                ["State"] = State(route),
                ["Back in"] = BackIn(route, now),
            };
        }
    }

    private static string TextOf(Dictionary<string, string> row, string column) => row.GetValueOrDefault(column, "");

    private static string[] ColumnsOf(int width) => width switch
    {
        < ForMost => [Profile, "State", "Back in"],
        < ForAll => [Profile, "Type", "State", "Back in", "Served"],
        _ => [Profile, "Type", "Expiry", "State", "Back in", "Served", "Cached"],
    };

    private static string Cut(string text, int width) => text.Length <= width ? text : $"{text[..Math.Max(0, width - 1)]}…";

    private static string Expiry(ProfileStatus profile, DateTimeOffset now) => profile.ExpireTime is { } time
        ? $"{Words.Of(profile.Expiry)} {ShortDuration.Of(time.ToDateTimeOffset() - now)}"
        : Words.Of(profile.Expiry);

    private static string State(UnusableProfile? unusable) => unusable switch
    {
        null => "ready",
        { Reason: "" } => unusable.Kind,
        _ => $"{unusable.Kind} {unusable.Reason}",
    };

    private static string BackIn(UnusableProfile? unusable, DateTimeOffset now)
    {
        if (unusable is null)
            return "";
        if (unusable.RecoverTime is not { } time)
            return "-";
        var remaining = time.ToDateTimeOffset() - now;
        // A person may wait for a short cooldown, so its seconds count down.
        if (remaining >= TimeSpan.FromMinutes(2))
            return ShortDuration.Of(remaining);
        return $"{Math.Max(0, (int)Math.Ceiling(remaining.TotalSeconds))}s";
    }

    private static string Count(long? count) => count is > 0 ? $"{count}" : "-";
}
