using System.Text.RegularExpressions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Citations of the pages in <c>docs/spec</c> and links between pages lead somewhere.</summary>
public sealed partial class SpecReferenceTests
{
    private static readonly string[] Pages = ["openclaw-spec.md", "anthropic-api.md"];

    private static readonly string[] Cited = ["src", "tests", "docs", "protos", "clients", "bench", "eng"];

    private static readonly string[] Generated = ["bin", "obj", "node_modules", "dist", "__pycache__", ".venv", "target"];

    private static readonly string[] Kinds = [".cs", ".md", ".mjs", ".json", ".proto", ".sh", ".py", ".ts", ".go"];

    [Fact]
    public void Cited_sections_of_the_specification_exist()
    {
        var headings = Pages.ToDictionary(page => page, SectionsOf);
        var citations = Texts().SelectMany(CitationsIn).ToList();

        var missing = citations.Where(citation => !headings[citation.Page].Contains(citation.Section));

        Assert.Empty(missing.Select(citation => $"{citation.File}: {citation.Page}, section {citation.Section}"));
        Assert.All(Pages, page => Assert.Contains(citations, citation => citation.Page == page));
    }

    [Fact]
    public void Relative_links_of_pages_lead_to_files()
    {
        var pages = Texts().Where(file => Path.GetExtension(file) == ".md").ToList();

        var dead = from page in pages
                   from Match link in Link().Matches(File.ReadAllText(page))
                   let target = link.Groups["target"].Value
                   where !target.Contains(':', StringComparison.Ordinal)
                   where !Path.Exists(Path.Join(Path.GetDirectoryName(page), target))
                   select $"{Path.GetRelativePath(Repository.Root, page)}: {target}";

        Assert.Empty(dead);
        Assert.NotEmpty(pages);
    }

    private static HashSet<string> SectionsOf(string page)
    {
        var text = File.ReadAllText(Path.Join(Repository.Root, "docs", "spec", page));
        return [.. Heading().Matches(text).Select(match => match.Groups["number"].Value)];
    }

    private static IEnumerable<Citation> CitationsIn(string file)
    {
        var text = LineBreakInComment().Replace(File.ReadAllText(file), " ");
        return from Match citation in CitedSections().Matches(text)
               from section in citation.Groups["section"].Captures
               select new Citation(Path.GetRelativePath(Repository.Root, file), citation.Groups["page"].Value, section.Value);
    }

    private static IEnumerable<string> Texts() =>
        Cited.SelectMany(folder => FilesBelow(Path.Join(Repository.Root, folder)))
            .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"));

    private static IEnumerable<string> FilesBelow(string folder) =>
        Directory.EnumerateFiles(folder)
            .Where(file => Kinds.Contains(Path.GetExtension(file)))
            .Concat(Directory.EnumerateDirectories(folder)
                .Where(child => !Generated.Contains(Path.GetFileName(child)))
                .SelectMany(FilesBelow));

    [GeneratedRegex(@"^#{2,4} (?<number>\d+b?(\.\d+)?)\b", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)[^)]*\)")]
    private static partial Regex Link();

    // A citation may go on in the next line of a comment.
    [GeneratedRegex(@"\r?\n[ \t]*(///|//|#|\*)?[ \t]*")]
    private static partial Regex LineBreakInComment();

    [GeneratedRegex(@"(?<page>openclaw-spec\.md|anthropic-api\.md),? (sections? |§)?(?<section>\d+b?(\.\d+)?)"
        + @"((, | and )(sections? |§)?(?<section>\d+b?(\.\d+)?))*")]
    private static partial Regex CitedSections();

    private sealed record Citation(string File, string Page, string Section);
}
