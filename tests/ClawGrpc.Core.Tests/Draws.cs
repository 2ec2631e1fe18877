using CsCheck;

namespace ClawGrpc.Core.Tests;

/// <summary>Random choices for what is easier made step by step than composed of generators.</summary>
internal class Draws(PCG random)
{
    /// <summary>Values made by choices. CsCheck shrinks by looking for a smaller value that fails too, hence the size.</summary>
    public static Gen<T> Of<T>(Func<PCG, T> make, Func<T, int> sizeOf) => new Made<T>(make, sizeOf);

    /// <summary>From 0, below <paramref name="count"/>.</summary>
    public int Below(int count) => (int)random.Next((uint)count);

    public bool Chance(double probability) => random.Next() < probability * uint.MaxValue;

    public T Pick<T>(IReadOnlyList<T> list) => list[Below(list.Count)];

    private sealed class Made<T>(Func<PCG, T> make, Func<T, int> sizeOf) : Gen<T>
    {
        public override T Generate(PCG pcg, Size? min, out Size size)
        {
            // The value may draw on after it is made, so it has a generator of its own.
            var value = make(new PCG(pcg.Next(), pcg.Next64()));
            size = new Size((ulong)sizeOf(value));
            return value;
        }
    }
}
