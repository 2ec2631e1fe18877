using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ClawGrpc.Cli.Input;

namespace ClawGrpc.Cli.Invocations;

/// <summary>
/// The contexts of a user: <c>claw/contexts.json</c> in <c>XDG_CONFIG_HOME</c>, else in <c>~/.config</c>. For its owner alone.
/// Tokens are in files of their own, which it names.
/// </summary>
internal sealed class ContextFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private ContextFile(string path, string? current, IReadOnlyList<ServerContext> all) =>
        (Path, Current, All) = (path, current, all);

    /// <summary>The file, absolute; it need not exist.</summary>
    public string Path { get; }

    /// <summary>The name of the context of commands that name none; null if there is none.</summary>
    public string? Current { get; }

    /// <summary>All contexts, by name.</summary>
    public IReadOnlyList<ServerContext> All { get; }

    /// <summary>Reads the file; without one there is no context.</summary>
    /// <exception cref="CliFailure">It cannot be read, or is not of this form.</exception>
    public static ContextFile Read(CliEnvironment environment)
    {
        var path = PathOf(environment);
        if (path is null || !File.Exists(path))
            return new ContextFile(path ?? "", null, []);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            var all = root.GetProperty("contexts").EnumerateObject().Select(context => new ServerContext(
                context.Name, TextOf(context.Value, "server") ?? throw new KeyNotFoundException())
            {
                TokenFile = TextOf(context.Value, "tokenFile"),
                CaFile = TextOf(context.Value, "caFile"),
                Agent = TextOf(context.Value, "agent"),
            });
            return new ContextFile(
                path, TextOf(root, "current"), [.. all.OrderBy(context => context.Name, StringComparer.Ordinal)]);
        }
        catch (JsonException exception)
        {
            throw Broken(path, $"line {exception.LineNumber + 1} is not JSON");
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException)
        {
            throw Broken(path, "it does not have the form {\"contexts\": {\"NAME\": {\"server\": \"URL\"}}}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CliFailure.Failed($"{path} cannot be read: {FileProblem.Of(exception, path)}");
        }
    }

    /// <summary>The context of a name.</summary>
    /// <exception cref="CliFailure">There is none.</exception>
    public ServerContext Find(string name) => All.FirstOrDefault(context => context.Name == name)
        ?? throw CliFailure.Failed($"There is no context \"{name}\". See claw contexts list.");

    /// <summary>The same with a context, in place of one of its name.</summary>
    public ContextFile With(ServerContext context) => new(
        Path, Current,
        [.. All.Where(other => other.Name != context.Name).Append(context).OrderBy(each => each.Name, StringComparer.Ordinal)]);

    /// <summary>The same without a context.</summary>
    public ContextFile Without(string name) =>
        new(Path, Current == name ? null : Current, [.. All.Where(other => other.Name != name)]);

    /// <summary>The same with another current context; null for none.</summary>
    public ContextFile Using(string? name) => new(Path, name, All);

    /// <summary>The file in which a token of a context is stored.</summary>
    public string TokenPathOf(string name) => System.IO.Path.Join(System.IO.Path.GetDirectoryName(Path), "tokens", name);

    /// <summary>Stores it, whole or not at all.</summary>
    /// <exception cref="CliFailure">It cannot be written.</exception>
    public void Write()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Indented))
        {
            json.WriteStartObject();
            if (Current is not null)
                json.WriteString("current", Current);
            json.WriteStartObject("contexts");
            foreach (var context in All)
                Write(json, context);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        WritePrivate(Path, Encoding.UTF8.GetString(bytes.ToArray()) + "\n");
    }

    /// <summary>Writes a file for its owner alone, with the folders that it needs.</summary>
    /// <exception cref="CliFailure">It cannot be written.</exception>
    public static void WritePrivate(string path, string text)
    {
        if (path.Length == 0)
            throw CliFailure.Failed("There is no folder for contexts: set HOME or XDG_CONFIG_HOME.");
        try
        {
            var folder = System.IO.Path.GetDirectoryName(path)!;
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, OwnerOnly);
            using var file = PrivateFile.Begin(path);
            file.Commit(text);
        }
        catch (Exception exception) when (FileProblem.Is(exception))
        {
            throw CliFailure.Failed($"{path} cannot be written: {FileProblem.Of(exception, path)}");
        }
    }

    private static CliFailure Broken(string path, string problem) => CliFailure.Failed(
        $"{path} is not a file of contexts: {problem}. Mend it; or remove it, and add the contexts again by claw contexts add.");

    private static void Write(Utf8JsonWriter json, ServerContext context)
    {
        json.WriteStartObject(context.Name);
        json.WriteString("server", context.Server);
        if (context.TokenFile is not null)
            json.WriteString("tokenFile", context.TokenFile);
        if (context.CaFile is not null)
            json.WriteString("caFile", context.CaFile);
        if (context.Agent is not null)
            json.WriteString("agent", context.Agent);
        json.WriteEndObject();
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() : null;

    // XDG: a path that is not absolute is ignored.
    private static string? PathOf(CliEnvironment environment)
    {
        var config = environment.Variable("XDG_CONFIG_HOME")?.Trim() is { Length: > 0 } xdg && System.IO.Path.IsPathRooted(xdg)
            ? xdg
            : environment.Variable("HOME")?.Trim() is { Length: > 0 } home ? System.IO.Path.Join(home, ".config") : null;
        return config is null ? null : System.IO.Path.Join(config, "claw", "contexts.json");
    }
}
