using ClawGrpc.Core.Pricing;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>The price table that is part of the program: <c>prices.json</c>.</summary>
internal static class ListPrices
{
    public static PriceTable Table { get; } = Read();

    private static PriceTable Read()
    {
        using var file = typeof(ListPrices).Assembly.GetManifestResourceStream("prices.json")!;
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return PriceTable.Read(bytes.ToArray());
    }
}
