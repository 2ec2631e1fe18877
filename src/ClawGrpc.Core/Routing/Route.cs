using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Routing;

/// <summary>
/// An API key outside of the profiles: from the environment or the configuration's provider. Serves when no profile can, and has
/// no health.
/// </summary>
/// <param name="Source">Such as <c>env: ANTHROPIC_API_KEY</c> or <c>models.json</c>.</param>
internal sealed record FallbackKey(Secret Key, string Source)
{
    /// <summary>Why it cannot serve; null if it can.</summary>
    public Ineligible? Unusable { get; init; } = HeaderText.Problem(Key, "key") is { } problem
        ? new Ineligible(Source, Eligibility.InvalidCredential, problem)
        : null;

    /// <summary>A key that is kept elsewhere.</summary>
    public static FallbackKey Of(SecretReference reference, ResolvedSecret resolved, string source) => resolved.Secret is { } key
        ? new FallbackKey(key, source)
        : new FallbackKey(new Secret(""), source)
        {
            Unusable = new Ineligible(source, Eligibility.UnresolvedReference, Eligible.Words(reference, resolved.Problem)),
        };
}

/// <summary>What an attempt runs on: one profile, or the fallback key, serving one model.</summary>
/// <param name="Model">The bare id that upstream knows, such as <c>claude-opus-4-6</c>.</param>
/// <param name="Profile">The profile; null if the fallback key serves.</param>
/// <param name="FallbackKey">The fallback key; null if a profile serves.</param>
/// <param name="SetAside">Why it is skipped; null if it is tried.</param>
internal sealed record Route(string Model, Profile? Profile, FallbackKey? FallbackKey, SetAside? SetAside)
{
    /// <summary>The model as <c>provider/model</c>.</summary>
    public string ModelRef { get; } = $"{Provider.Anthropic}/{Model}";

    /// <summary>The profile's id; empty if the fallback key serves.</summary>
    public string ProfileId => Profile?.Id ?? "";
}

/// <summary>Who asks for what.</summary>
/// <param name="Models">The models to try in order: the one asked for, then the fallbacks. At least one.</param>
/// <param name="StrictProfile">The only profile to try (<c>ref@profileId</c>), its cooldown ignored; null for all.</param>
/// <param name="PreferredProfile">Tried first when it can serve (the session's pin); null if there is none.</param>
internal sealed record RouteQuestion(ImmutableArray<string> Models, string? StrictProfile, string? PreferredProfile);

/// <summary>Why there is no route to try.</summary>
internal enum NoRoute
{
    /// <summary>There is one.</summary>
    None,

    /// <summary>No credential at all.</summary>
    MissingCredentials,

    /// <summary>The strict profile does not exist.</summary>
    ProfileMissing,

    /// <summary>The strict profile is of another provider.</summary>
    ProfileOfOtherProvider,

    /// <summary>The strict profile cannot be used.</summary>
    ProfileUnusable,

    /// <summary>All are set aside.</summary>
    AllSetAside,
}

/// <summary>The routes of a completion, in order.</summary>
/// <param name="All">Tried in this order; routes that are set aside are skipped.</param>
/// <param name="Problem">Why none can be tried; <see cref="NoRoute.None"/>: one can.</param>
/// <param name="Soonest">When the first cooldown among them ends; null if none ends by itself.</param>
/// <param name="Ineligible">Profiles that cannot serve at all.</param>
internal sealed record Routes(
    ImmutableArray<Route> All, NoRoute Problem, DateTimeOffset? Soonest, ImmutableArray<Ineligible> Ineligible)
{
    /// <summary>Computes the routes.</summary>
    /// <param name="fallbackKey">Serves when no profile can, unless it is unusable itself; null if there is none.</param>
    public static Routes Of(
        ProfileStore store, AuthSettings auth, FallbackKey? fallbackKey, RouteQuestion question, DateTimeOffset now)
    {
        if (question.StrictProfile is { } strict)
            return OfStrict(store, auth, strict, question.Models[0], now);
        var routes = new List<Route>(question.Models.Length);
        ImmutableArray<Ineligible> ineligible = [];
        foreach (var model in question.Models)
        {
            var order = ProfileOrder.Of(
                store, auth, Provider.Anthropic, $"{Provider.Anthropic}/{model}", question.PreferredProfile, now);
            foreach (var candidate in order.Candidates)
                routes.Add(new Route(model, candidate.Profile, null, candidate.SetAside));
            ineligible = order.Ineligible;

            // Profile beats environment beats configuration (openclaw-spec.md, section 3.4); a profile in cooldown still beats
            // them: silently billing another account is worse than an error with a retry time.
            if (order.Candidates.IsEmpty && fallbackKey is { Unusable: null })
                routes.Add(new Route(model, null, fallbackKey, null));
            else if (fallbackKey?.Unusable is { } unusable)
                ineligible = ineligible.Add(unusable);
        }

        ImmutableArray<Route> all = [.. routes];
        var problem = all.IsEmpty ? NoRoute.MissingCredentials
            : all.Any(static route => route.SetAside is null) ? NoRoute.None
            : NoRoute.AllSetAside;
        return new Routes(all, problem, SoonestOf(all), ineligible);
    }

    /// <summary>When the first cooldown among these routes ends; null if none ends by itself.</summary>
    public static DateTimeOffset? SoonestOf(IEnumerable<Route> routes)
    {
        DateTimeOffset? soonest = null;
        foreach (var route in routes)
        {
            if (route.SetAside is { } aside && aside.Until < ProfileHealth.Never && !(aside.Until >= soonest))
                soonest = aside.Until;
        }

        return soonest;
    }

    private static Routes OfStrict(ProfileStore store, AuthSettings auth, string id, string model, DateTimeOffset now) =>
        Eligible.Of(store, auth, Provider.Anthropic, id, now) switch
        {
            Eligibility.Ok => new Routes([new Route(model, store.Find(id), null, null)], NoRoute.None, null, []),
            Eligibility.ProfileMissing => new Routes([], NoRoute.ProfileMissing, null, []),
            Eligibility.ProviderMismatch => new Routes([], NoRoute.ProfileOfOtherProvider, null, []),
            var why =>
                new Routes([], NoRoute.ProfileUnusable, null, [new Ineligible(id, why, Eligible.Words(store, auth, id, why))]),
        };
}
