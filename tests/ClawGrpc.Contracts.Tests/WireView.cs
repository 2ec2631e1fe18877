namespace ClawGrpc.Contracts.Tests;

/// <summary>Counts the bytes of bodies as they pass between a channel and its socket.</summary>
public sealed class WireView() : DelegatingHandler(new SocketsHttpHandler())
{
    public string? ResponseEncoding { get; private set; }

    public long RequestBytes { get; private set; }

    public long ResponseBytes { get; private set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var sent = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        RequestBytes += sent.Length;
        var body = new ByteArrayContent(sent);
        foreach (var header in request.Content.Headers)
            body.Headers.TryAddWithoutValidation(header.Key, header.Value);
        request.Content = body;

        var response = await base.SendAsync(request, cancellationToken);
        ResponseEncoding = response.Headers.TryGetValues("grpc-encoding", out var encodings) ? encodings.Single() : null;
        var received = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        ResponseBytes += received.Length;
        var answer = new ByteArrayContent(received);
        foreach (var header in response.Content.Headers)
            answer.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = answer;
        return response;
    }
}
