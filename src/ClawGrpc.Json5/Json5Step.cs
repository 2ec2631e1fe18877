namespace ClawGrpc.Json5;

/// <summary>
/// One step of a path into a document: a key of an object or an index of an array. A path is a list of steps, since keys may
/// contain any separator (<c>anthropic:work</c>, <c>anthropic/claude-opus-4-6</c>, <c>me@example.com</c>).
/// </summary>
internal readonly record struct Json5Step
{
    private Json5Step(string? key, int index)
    {
        Key = key;
        Index = index;
    }

    /// <summary>The key; null when the step is an index.</summary>
    public string? Key { get; }

    /// <summary>The index, from 0; meaningless when there is a key.</summary>
    public int Index { get; }

    /// <summary>A key of an object.</summary>
    public static implicit operator Json5Step(string key) => FromString(key);

    /// <summary>An index of an array, from 0.</summary>
    public static implicit operator Json5Step(int index) => FromInt32(index);

    /// <summary>A key of an object.</summary>
    public static Json5Step FromString(string key)
    {
        return new Json5Step(key, 0);
    }

    /// <summary>An index of an array, from 0.</summary>
    public static Json5Step FromInt32(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return new Json5Step(null, index);
    }

    /// <summary>The key, or the index in digits.</summary>
    public override string ToString() => Key ?? $"{Index}";
}
