using ClawGrpc.V1;
using Spectre.Console;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A status as the table of <c>models status --watch</c> on a terminal: a row for each profile, and for each route that
/// is set aside.</summary>
internal static class StatusTable
{
    /// <summary>The table; <paramref name="interruption"/> is why the watch is interrupted, null if it is not.</summary>
    public static Table Of(AgentStatus status, DateTimeOffset now, string? interruption)
    {
        var auth = status.Auth ?? new AuthStatus();
        var table = new Table { Border = TableBorder.Rounded };
        table.Title = new TableTitle(Markup.Escape($"{status.AgentId} · {status.ResolvedDefault} · revision {status.Revision}"));
        if (interruption is not null)
            table.Caption = new TableTitle(Markup.Escape(interruption), new Style(Color.Red));
        table.AddColumn(new TableColumn("Profile").NoWrap());
        table.AddColumns("Type", "Expiry", "State", "Back in", "Served", "Cached");
        foreach (var profile in auth.Profiles)
        {
            var asides = auth.UnusableProfiles.Where(unusable => unusable.ProfileId == profile.ProfileId).ToList();
            var whole = asides.Find(unusable => unusable.Model.Length == 0);
            AddRow(table, profile.ProfileId, Words.Of(profile.Type), Expiry(profile, now), State(whole), BackIn(whole, now),
                Count(profile.Usage?.Completions), Count(profile.Usage?.Usage?.CacheReadInputTokens));
            foreach (var route in asides.Where(unusable => unusable.Model.Length > 0))
                AddRow(table, "  " + route.Model, "", "", State(route), BackIn(route, now), "", "");
        }

        return table;
    }

    private static void AddRow(Table table, params string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));

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
