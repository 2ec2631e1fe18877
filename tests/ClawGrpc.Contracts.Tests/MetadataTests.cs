using Grpc.Core;

namespace ClawGrpc.Contracts.Tests;

public sealed class MetadataTests
{
    [Fact]
    public void Keys_are_lower_case_and_found_in_any_case()
    {
        var metadata = new Metadata { { "Trace-Id", "1" } };

        Assert.Equal("trace-id", Assert.Single(metadata).Key);
        Assert.Equal("1", metadata.GetValue("TRACE-ID"));
        Assert.Null(metadata.GetValue("trace"));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a:b")]
    [InlineData("\u212a")] // The Kelvin sign, which lower-cases to an ASCII k.
    public void A_key_with_another_character_is_refused(string key) =>
        Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, "value"));

    [Fact]
    public void Bytes_need_the_binary_suffix_and_texts_may_not_have_it()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key", [1]));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key-bin", "text"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("KEY-BIN", "text"));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("key", (string)null!));
    }

    [Fact]
    public void A_binary_value_has_no_text_and_is_copied_both_ways()
    {
        byte[] given = [1, 2];
        var entry = new Metadata.Entry("key-bin", given);
        given[0] = 9;
        entry.ValueBytes[1] = 9;

        Assert.True(entry.IsBinary);
        Assert.Equal([1, 2], entry.ValueBytes);
        Assert.Throws<InvalidOperationException>(() => entry.Value);
    }

    [Fact]
    public void A_text_can_be_read_as_bytes()
    {
        var entry = new Metadata.Entry("key", "AB");

        Assert.False(entry.IsBinary);
        Assert.Equal("AB"u8.ToArray(), entry.ValueBytes);
        Assert.Equal("[Entry: key=key, value=AB]", entry.ToString());
    }

    [Fact]
    public void Of_several_values_the_last_is_got_and_all_can_be_listed()
    {
        var metadata = new Metadata { { "k", "1" }, { "other", "x" }, { "K", "2" } };

        Assert.Equal("2", metadata.GetValue("k"));
        Assert.Equal(["1", "2"], metadata.GetAll("k").Select(entry => entry.Value));
        Assert.Equal(3, metadata.Count);
    }

    [Fact]
    public void The_empty_one_cannot_be_added_to()
    {
        Assert.True(Metadata.Empty.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("k", "v"));
        Assert.Throws<InvalidOperationException>(Metadata.Empty.Clear);
        Assert.Empty(Metadata.Empty);
    }

    [Fact]
    public void It_is_a_list_of_entries()
    {
        var first = new Metadata.Entry("a", "1");
        var second = new Metadata.Entry("b", "2");
        var metadata = new Metadata { second };
        metadata.Insert(0, first);

        Assert.Equal(1, metadata.IndexOf(second));
        Assert.True(metadata.Remove(first));
        Assert.Same(second, metadata[0]);
        Assert.Throws<ArgumentNullException>(() => metadata.Add(null!));
    }

    [Fact]
    public async Task It_travels_both_ways_text_and_bytes()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        var headers = new Metadata { { "Caller", "me" }, { "many", "1" }, { "many", "2" }, { "raw-bin", [0, 1, 255] } };

        using var call = new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "headers" }, headers);
        var early = await call.ResponseHeadersAsync;
        await call;
        var seen = await host.View.NextCall();

        Assert.Equal("me", seen.Headers.GetValue("caller"));
        Assert.Equal([0, 1, 255], seen.Headers.GetValueBytes("raw-bin"));
        Assert.Contains("2", seen.Headers.GetAll("many").Last().Value, StringComparison.Ordinal);
        Assert.Equal("header", early.GetValue("early"));
        Assert.Equal("trailer", call.GetTrailers().GetValue("late"));
    }
}
