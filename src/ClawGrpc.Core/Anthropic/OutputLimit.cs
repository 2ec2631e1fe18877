namespace ClawGrpc.Core.Anthropic;

/// <summary>How many tokens a model answers with at most, for defaults that upstream must not refuse.</summary>
internal static class OutputLimit
{
    /// <summary>The limit (anthropic-api.md, section 5); that of the newest models if it is not known.</summary>
    /// <param name="model">The model's id as upstream knows it.</param>
    public static int Of(string model) => model.Split('-', '@') is ["claude", _, "4", "5", ..] ? 64_000 : 128_000;
}
