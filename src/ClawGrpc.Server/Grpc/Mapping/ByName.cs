using System.Collections.Frozen;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Maps an enum to its twin by the names of the values, never by position. A value without a twin fails at first use.
/// </summary>
internal static class ByName
{
    public static TTo To<TFrom, TTo>(TFrom value)
        where TFrom : struct, Enum
        where TTo : struct, Enum => Twins<TFrom, TTo>.Of[value];

    private static class Twins<TFrom, TTo>
        where TFrom : struct, Enum
        where TTo : struct, Enum
    {
        public static readonly FrozenDictionary<TFrom, TTo> Of =
            Enum.GetValues<TFrom>().ToFrozenDictionary(value => value, value => Enum.Parse<TTo>($"{value}"));
    }
}
