using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Which file a command edits. ClawGrpc's own file may include that of OpenClaw and add what only ClawGrpc knows; what commands
/// change is then OpenClaw's too, and goes where both see it.
/// </summary>
internal static class EditedFile
{
    // Sections that commands edit. A file that has one itself is the file to edit.
    private static readonly Json5Step[][] Edited = [["auth", "profiles"], ["auth", "order"], ["agents"]];

    /// <summary>
    /// The file to edit: the included one, or the configuration itself when it includes none or contains such a section.
    /// </summary>
    /// <param name="path">The configuration, absolute.</param>
    /// <param name="text">Its text; null if there is no file.</param>
    /// <exception cref="Json5Exception">The text cannot be read.</exception>
    public static string Of(string path, string? text)
    {
        if (text is null)
            return path;
        var document = Json5Document.Parse(text, path);
        return document.Find("$include") is Json5String { Value: var included } && Edited.All(keys => document.Find(keys) is null)
            ? FilePath.Resolve(path, included)
            : path;
    }
}
