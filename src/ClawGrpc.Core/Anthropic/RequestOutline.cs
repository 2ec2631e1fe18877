using System.Globalization;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// The positions that decisions about a request need: of its members, and of actual and possible breakpoints.
/// </summary>
internal sealed class RequestOutline
{
    public List<RequestMember> Members { get; } = [];

    /// <summary>
    /// The caller's own breakpoints, without the one of the whole request; in prefix order once all is read.
    /// </summary>
    public List<OwnBreakpoint> Own { get; } = [];

    /// <summary>The ttl of <c>cache_control</c> at the top (automatic caching); null if there is none.</summary>
    public CacheTtl? Automatic { get; set; }

    /// <summary>The last tool that can carry a breakpoint.</summary>
    public Spot? LastTool { get; set; }

    /// <summary>The last block of the system prompt that can.</summary>
    public Spot? LastSystem { get; set; }

    /// <summary>The last block that can in a message of the user's.</summary>
    public Spot? LastUser { get; set; }

    /// <summary>The offset of the closing brace of the request.</summary>
    public int End { get; set; }

    /// <summary>The offset of its opening brace.</summary>
    public int Start { get; set; }

    public RequestMember? Find(string name)
    {
        foreach (var member in Members)
        {
            if (member.Name == name)
                return member;
        }

        return null;
    }
}

/// <summary>A member of the request: its decoded name, and the offsets of name and value.</summary>
internal sealed record RequestMember(string Name, int Start, int ValueStart, int End);

/// <summary>The parts of a request in the order in which upstream caches them.</summary>
internal enum Section
{
    Tools,
    System,
    Messages,
}

/// <summary>A breakpoint the caller set, on the block that ends there.</summary>
internal sealed record OwnBreakpoint(Section Section, int End, string Path, CacheTtl Ttl);

/// <summary>A block that can carry a breakpoint.</summary>
/// <param name="Start">Where the block begins, or the string that would become one.</param>
/// <param name="IsString">Whether it is a string that would become a text block.</param>
/// <param name="Null">The span of a <c>cache_control</c> of null; empty if there is none.</param>
/// <param name="HasOwn">Whether the caller set a breakpoint on it.</param>
/// <param name="Outer">The tool, system block or message.</param>
/// <param name="Inner">The block of the message.</param>
internal readonly record struct Spot(
    Section Section, int Start, int End, bool IsString, (int Start, int End) Null, bool HasOwn, int Outer, int Inner)
{
    public string Path => Section switch
    {
        Section.Tools => string.Create(CultureInfo.InvariantCulture, $"tools[{Outer}]"),
        Section.System => string.Create(CultureInfo.InvariantCulture, $"system[{Outer}]"),
        _ => string.Create(CultureInfo.InvariantCulture, $"messages[{Outer}].content[{Inner}]"),
    };
}
