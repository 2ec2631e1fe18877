using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Stores;

/// <summary>The refusals of calls that a file of the state stands in the way of.</summary>
internal static class StateRefusals
{
    // So often a store that is away is looked for.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    /// <summary>The refusal that an exception stands for; null if it is a fault of ClawGrpc.</summary>
    public static Refusal? Of(Exception exception) => exception switch
    {
        RefusedException refused => refused.Refusal,
        StateUnreadableException { IsUnavailable: true } or StateNotWrittenException { IsUnavailable: true } =>
            StoreUnavailable(exception.Message).With("path", ((StateFileException)exception).Path),
        StateUnreadableException unreadable => new Refusal(RefusalReason.StateUnreadable, RefusalCode.FailedPrecondition,
            $"{unreadable.Message} It was left as it is; mend it or move it away.")
            .With("path", unreadable.Path)
            .With("line", unreadable.Line > 0 ? $"{unreadable.Line}" : null)
            .With("column", unreadable.Column > 0 ? $"{unreadable.Column}" : null),
        StateNotWrittenException { IsNotSealed: true } notSealed => new Refusal(
            RefusalReason.SealingKeyUnavailable, RefusalCode.FailedPrecondition, notSealed.Message).With("path", notSealed.Path),
        StateNotWrittenException notWritten =>
            new Refusal(RefusalReason.StateNotWritten, RefusalCode.Unavailable, notWritten.Message)
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            }.With("path", notWritten.Path).With("lock", notWritten.Lock),
        _ => null,
    };

    /// <summary>What keeps the state cannot be reached, and the call takes it.</summary>
    /// <param name="why">A sentence.</param>
    public static Refusal StoreUnavailable(string why) => new(
        RefusalReason.StoreUnavailable, RefusalCode.Unavailable,
        $"{why} Repeat the call when the database can be used again; claw models status says since when it cannot.")
    {
        RetryAfter = BetweenLooks,
    };
}
