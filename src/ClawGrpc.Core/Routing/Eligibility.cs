using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Routing;

/// <summary>Whether a profile can serve a provider at all (openclaw-spec.md, section 4.1, step 2).</summary>
internal enum Eligibility
{
    /// <summary>It can.</summary>
    Ok,

    /// <summary>No profile of this id is stored.</summary>
    ProfileMissing,

    /// <summary>The credential, or its declaration, is of another provider.</summary>
    ProviderMismatch,

    /// <summary>The declared type differs.</summary>
    ModeMismatch,

    /// <summary>The secret is blank.</summary>
    MissingCredential,

    /// <summary>The token has expired.</summary>
    Expired,

    /// <summary>It is a subscription's, and those are switched off.</summary>
    SubscriptionsDisabled,

    /// <summary>No header can carry the secret.</summary>
    InvalidCredential,

    /// <summary>The secret is kept elsewhere and cannot be had from there.</summary>
    UnresolvedReference,

    /// <summary>It belongs to another upstream than the configured one.</summary>
    OriginChanged,

    /// <summary>The secret is sealed and does not open.</summary>
    Sealed,
}

/// <summary>The rules of <see cref="Eligibility"/>.</summary>
internal static class Eligible
{
    /// <summary>Whether this profile can serve this provider now.</summary>
    /// <param name="provider">Normalized.</param>
    /// <param name="now">The time; a token has expired when equal.</param>
    public static Eligibility Of(ProfileStore store, AuthSettings auth, string provider, string id, DateTimeOffset now)
    {
        if (store.Find(id)?.Credential is not { } credential)
            return Eligibility.ProfileMissing;
        if (Provider.Normalize(credential.Provider) != provider)
            return Eligibility.ProviderMismatch;
        var declared = auth.Profiles.FirstOrDefault(profile => profile.Id == id);
        if (declared is not null && Provider.Normalize(declared.Provider) != provider)
            return Eligibility.ProviderMismatch;
        if (declared is not null && declared.Mode != ModeOf(credential)
            && !(declared.Mode == "oauth" && credential is TokenCredential))
        {
            return Eligibility.ModeMismatch;
        }
        if (!auth.Subscriptions && credential is not ApiKeyCredential)
            return Eligibility.SubscriptionsDisabled;
        var why = OfSecret(credential, now);
        return why == Eligibility.Ok && auth.Origin is not null && store.Find(id)!.Origin is { } own && own != auth.Origin
            ? Eligibility.OriginChanged
            : why;
    }

    /// <summary>Why a profile cannot serve, for people: a few words without secrets.</summary>
    /// <param name="id">The profile.</param>
    /// <param name="why">What <see cref="Of"/> said of it.</param>
    public static string Words(ProfileStore store, AuthSettings auth, string id, Eligibility why) => why switch
    {
        Eligibility.ProfileMissing => "not stored",
        Eligibility.ProviderMismatch => "of another provider",
        Eligibility.ModeMismatch => "auth.profiles declares another mode",
        Eligibility.MissingCredential => "no credential",
        Eligibility.Expired => "expired",
        Eligibility.SubscriptionsDisabled => "subscriptions are switched off",
        Eligibility.InvalidCredential => ProblemOf(store.Find(id)!.Credential) ?? "invalid",
        Eligibility.UnresolvedReference when store.Find(id)!.Credential is var credential =>
            Words(credential.Reference, credential.ReferenceProblem),
        Eligibility.OriginChanged => Words(store.Find(id)!.Origin!, auth.Origin!),
        Eligibility.Sealed => $"its sealed secret does not open: {store.Find(id)!.Credential.SealProblem}",
        _ => "usable",
    };

    /// <summary>Why a credential is not sent to the upstream that is configured now, for people.</summary>
    /// <param name="own">The origin that it belongs to.</param>
    /// <param name="configured">The origin that is configured.</param>
    public static string Words(string own, string configured) => $"it belongs to {own}, and requests go to {configured} now";

    /// <summary>Why a reference cannot be resolved, for people.</summary>
    public static string Words(SecretReference? reference, string? problem) =>
        $"the reference {reference?.Shown} cannot be resolved: {problem}";

    /// <summary>
    /// The name of a reason in a status, as <c>unusableProfiles</c> has it; null if the reason is shown otherwise or is no fault.
    /// </summary>
    public static string? CodeOf(Eligibility why) => why switch
    {
        Eligibility.InvalidCredential => "invalid_credential",
        Eligibility.UnresolvedReference => "unresolved_ref",
        Eligibility.OriginChanged => "origin_changed",
        Eligibility.Sealed => "sealed",
        _ => null,
    };

    /// <summary>The name of a credential's type in files and configuration.</summary>
    public static string ModeOf(Credential credential) => credential switch
    {
        ApiKeyCredential => "api_key",
        TokenCredential => "token",
        OAuthCredential => "oauth",
        _ => throw new InvalidOperationException($"Unknown credential {credential.GetType().Name}."),
    };

    private static Eligibility OfSecret(Credential credential, DateTimeOffset now) => credential switch
    {
        { ReferenceProblem: not null } => Eligibility.UnresolvedReference,
        { SealProblem: not null } => Eligibility.Sealed,
        ApiKeyCredential { Key: null or { IsBlank: true } } => Eligibility.MissingCredential,
        TokenCredential { Token: null or { IsBlank: true } } => Eligibility.MissingCredential,
        TokenCredential { Expires: { } expires } when now >= expires => Eligibility.Expired,
        OAuthCredential { Access: null or { IsBlank: true }, Refresh: null or { IsBlank: true } } =>
            Eligibility.MissingCredential,
        _ => ProblemOf(credential) is null ? Eligibility.Ok : Eligibility.InvalidCredential,
    };

    // Why no header can carry the text that would be sent; null if one can. A refresh token is sent in a body.
    private static string? ProblemOf(Credential credential) => credential switch
    {
        ApiKeyCredential { Key: { } key } => HeaderText.Problem(key, "key"),
        TokenCredential { Token: { } token } => HeaderText.Problem(token, "token"),
        OAuthCredential { Access: { } access } => HeaderText.Problem(access, "access token"),
        _ => null,
    };
}
