namespace Grpc.Core;

/// <summary>What of a server call a child call takes over.</summary>
public class ContextPropagationOptions
{
    /// <summary>Both the deadline and cancellation.</summary>
    public static readonly ContextPropagationOptions Default = new();

    /// <summary>The given ones.</summary>
    public ContextPropagationOptions(bool propagateDeadline = true, bool propagateCancellation = true)
    {
        IsPropagateDeadline = propagateDeadline;
        IsPropagateCancellation = propagateCancellation;
    }

    /// <summary>Whether the child ends with the parent's deadline.</summary>
    public bool IsPropagateDeadline { get; }

    /// <summary>Whether the child is cancelled with the parent.</summary>
    public bool IsPropagateCancellation { get; }
}

/// <summary>Ties a call to the server call it is made from; opaque.</summary>
public abstract class ContextPropagationToken
{
    internal ContextPropagationToken() { }
}
