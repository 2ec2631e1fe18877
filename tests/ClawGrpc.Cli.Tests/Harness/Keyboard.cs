using System.Text;
using ClawGrpc.Cli.Invocations;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>A console that a test types at and reads from.</summary>
public sealed class Keyboard : IAnsiConsole, IAnsiConsoleInput
{
    private readonly Queue<ConsoleKeyInfo> _keys = new();
    private readonly StringBuilder _screen = new();
    private readonly IAnsiConsole _console;
    private Action? _interrupt;

    public Keyboard()
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(new StringWriter(_screen)),
        });
        _console.Profile.Width = 120;
    }

    /// <summary>Everything written to the console.</summary>
    public string Screen => _screen.ToString();

    public Profile Profile => _console.Profile;

    public IAnsiConsoleCursor Cursor => _console.Cursor;

    public IAnsiConsoleInput Input => this;

    public IExclusivityMode ExclusivityMode => _console.ExclusivityMode;

    public RenderPipeline Pipeline => _console.Pipeline;

    /// <summary>Types a line.</summary>
    public Keyboard Type(string line) => Keys(line).Press(ConsoleKey.Enter);

    /// <summary>Types without Enter.</summary>
    public Keyboard Keys(string text)
    {
        foreach (var character in text)
            _keys.Enqueue(new ConsoleKeyInfo(character, ConsoleKey.None, shift: false, alt: false, control: false));
        return this;
    }

    /// <summary>Presses a key.</summary>
    public Keyboard Press(ConsoleKey key, char character = '\0')
    {
        _keys.Enqueue(new ConsoleKeyInfo(character, key, shift: false, alt: false, control: false));
        return this;
    }

    /// <summary>Pastes a text, as a terminal passes it on that marks pastes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="markInTwo">Whether the runtime takes the beginning of a mark for two keys, as it does where its buffer ends
    /// between them.</param>
    public Keyboard Paste(string text, bool markInTwo = false)
    {
        Mark("200~");
        foreach (var character in text)
            Press(character is '\r' or '\n' ? ConsoleKey.Enter : ConsoleKey.None, character);
        return Mark("201~");

        Keyboard Mark(string rest)
        {
            if (markInTwo)
                return Press(ConsoleKey.Escape, '\e').Keys("[" + rest);
            _keys.Enqueue(new ConsoleKeyInfo('[', ConsoleKey.None, shift: false, alt: true, control: false));
            return Keys(rest);
        }
    }

    /// <summary>Presses Ctrl-C when the keys before it are read.</summary>
    public Keyboard Interrupt(CancellationTokenSource program)
    {
        _interrupt = program.Cancel;
        return this;
    }

    /// <inheritdoc cref="Interrupt(CancellationTokenSource)"/>
    internal Keyboard Interrupt(Interrupts interrupts)
    {
        _interrupt = () => interrupts.Press();
        return this;
    }

    public void Clear(bool home) => _console.Clear(home);

    public void Write(IRenderable renderable) => _console.Write(renderable);

    public void WriteAnsi(Action<AnsiWriter> action) => _console.WriteAnsi(action);

    public bool IsKeyAvailable() => _keys.Count > 0;

    public ConsoleKeyInfo? ReadKey(bool intercept) => _keys.Dequeue();

    public async Task<ConsoleKeyInfo?> ReadKeyAsync(bool intercept, CancellationToken cancellationToken)
    {
        if (_keys.Count > 0 || _interrupt is null)
            return await Task.FromResult<ConsoleKeyInfo?>(_keys.Dequeue());
        _interrupt();
        throw new OperationCanceledException(cancellationToken);
    }
}
