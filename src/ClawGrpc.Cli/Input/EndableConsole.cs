using Spectre.Console;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Input;

/// <summary>A console whose questions end with Esc, Ctrl-D and Ctrl-C; prompts of Spectre know none of them.</summary>
internal sealed class EndableConsole(IAnsiConsole console) : IAnsiConsole, IAnsiConsoleInput
{
    private const char EndOfTransmission = '\u0004';
    private const string CursorShown = "\e[?25h";

    public Profile Profile => console.Profile;

    public IAnsiConsoleCursor Cursor => console.Cursor;

    public IAnsiConsoleInput Input => this;

    public IExclusivityMode ExclusivityMode => console.ExclusivityMode;

    public RenderPipeline Pipeline => console.Pipeline;

    public void Clear(bool home) => console.Clear(home);

    public void Write(IRenderable renderable) => console.Write(renderable);

    public void WriteAnsi(Action<AnsiWriter> action) => console.WriteAnsi(action);

    /// <summary>Asks a question.</summary>
    /// <exception cref="PromptEndedException">It was ended.</exception>
    public static async Task<T> AskAsync<T>(IAnsiConsole console, Func<IAnsiConsole, Task<T>> question)
    {
        using var reset = new TerminalReset(console, CursorShown);
        try
        {
            return await question(new EndableConsole(console));
        }
        catch (Exception exception) when (exception is PromptEndedException or OperationCanceledException)
        {
            // A list hides the cursor, and every question leaves it behind its own text.
            console.Cursor.Show();
            console.WriteLine();
            throw exception as PromptEndedException ?? new PromptEndedException(interrupted: true);
        }
    }

    public bool IsKeyAvailable() => console.Input.IsKeyAvailable();

    public ConsoleKeyInfo? ReadKey(bool intercept) => Checked(console.Input.ReadKey(intercept));

    /// <summary>The next key.</summary>
    /// <exception cref="PromptEndedException">It ends the question, or Ctrl-C was pressed.</exception>
    public async Task<ConsoleKeyInfo?> ReadKeyAsync(bool intercept, CancellationToken cancellationToken)
    {
        try
        {
            return Checked(await console.Input.ReadKeyAsync(intercept, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            throw new PromptEndedException(interrupted: true);
        }
    }

    private static ConsoleKeyInfo? Checked(ConsoleKeyInfo? key) => key switch
    {
        null => throw new PromptEndedException(interrupted: true),
        { Key: ConsoleKey.Escape } or { KeyChar: EndOfTransmission } => throw new PromptEndedException(interrupted: false),
        _ => key,
    };
}
