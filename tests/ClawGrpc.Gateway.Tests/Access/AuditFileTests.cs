using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Access;

/// <summary>The file of the audit beside programs that move files about, as those that rotate logs do.</summary>
public sealed class AuditFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lines_are_in_the_file_of_the_name_whenever_another_one_took_it()
    {
        var (path, other) = (_folder["audit.jsonl"], _folder["other"]);
        var random = new Random(20261126);
        for (var round = 0; round < 200; round++)
        {
            File.Delete(path);
            await File.WriteAllTextAsync(other, "");
            using var file = new AuditFile(path, long.MaxValue);
            var spins = random.Next(20_000);
            var replacing = Task.Run(() =>
            {
                Thread.SpinWait(spins);
                File.Move(other, path, overwrite: true);
            });
            file.Open();
            await replacing;
            file.Open();
            file.Append("line\n"u8, AuditHead.None);
            Assert.Equal("line\n", await File.ReadAllTextAsync(path));
        }
    }
}
