using CsCheck;

namespace ClawGrpc.Core.Tests;

/// <summary>Random choices for values that are easier to make step by step than to compose of generators.</summary>
internal class Draws(PCG random)
{
    /// <summary>Values made by choices. CsCheck shrinks by trying smaller values, hence the size.</summary>
    public static Gen<T> Of<T>(Func<PCG, T> make, Func<T, int> sizeOf) => new Made<T>(make, sizeOf);

    /// <summary>From 0, below <paramref name="count"/>.</summary>
    public int Below(int count) => (int)random.Next((uint)count);

    public bool Chance(double probability) => random.Next() < probability * uint.MaxValue;

    public T Pick<T>(IReadOnlyList<T> list) => list[Below(list.Count)];

    private sealed class Made<T>(Func<PCG, T> make, Func<T, int> sizeOf) : Gen<T>
    {
        public override T Generate(PCG pcg, Size? min, out Size size)
        {
            // A value may draw more later, so it has its own generator.
            var value = make(new PCG(pcg.Next(), pcg.Next64()));
            size = new Size((ulong)sizeOf(value));
            return value;
        }
    }
}
