using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ClawGrpc.Contracts.Tests;

public sealed class InterceptorTests
{
    [Fact]
    public async Task Client_interceptors_run_in_the_order_given_and_unwind_in_reverse()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        var log = new List<string>();

        var client = new Echo.EchoClient(channel.Intercept(new Logging("a", log), new Logging("b", log)));
        await client.OnceAsync(new EchoRequest { Text = "hello" });

        Assert.Equal(["a in", "b in", "b out", "a out"], log);
        Assert.Equal("a, b", Joined((await host.View.NextCall()).Headers));
    }

    [Fact]
    public async Task An_interceptor_added_later_runs_first()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        var log = new List<string>();

        var invoker = channel.Intercept(new Logging("inner", log)).Intercept(new Logging("outer", log));
        await new Echo.EchoClient(invoker).OnceAsync(new EchoRequest { Text = "hello" });

        Assert.Equal(["outer in", "inner in", "inner out", "outer out"], log);
    }

    [Fact]
    public async Task A_function_over_the_headers_is_an_interceptor_of_every_kind_of_call()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        var client = new Echo.EchoClient(channel.Intercept(headers =>
        {
            headers.Add("via", "function");
            return headers;
        }));

        await client.OnceAsync(new EchoRequest());
        client.Once(new EchoRequest());
        using var many = client.Many(new EchoRequest());
        await many.ResponseStream.MoveNext();

        for (var call = 0; call < 3; call++)
            Assert.Equal("function", (await host.View.NextCall()).Headers.GetValue("via"));
    }

    [Fact]
    public async Task Server_interceptors_run_in_the_order_registered_around_every_kind_of_method()
    {
        var log = new List<string>();
        await using var host = await EchoHost.Start(options =>
        {
            options.Interceptors.Add<Guard>("first", log);
            options.Interceptors.Add<Guard>("second", log);
        });
        using var channel = host.Unix();
        var client = new Echo.EchoClient(channel);

        await client.OnceAsync(new EchoRequest());
        using (var many = client.Many(new EchoRequest()))
            Assert.False(await many.ResponseStream.MoveNext());
        using (var collect = client.Collect())
        {
            await collect.RequestStream.CompleteAsync();
            await collect;
        }

        using (var each = client.Each())
        {
            await each.RequestStream.CompleteAsync();
            Assert.False(await each.ResponseStream.MoveNext());
        }

        Assert.Equal(
            ["first Once", "second Once", "first Many", "second Many", "first Collect", "second Collect", "first Each", "second Each"],
            log);
    }

    [Fact]
    public async Task A_server_interceptor_can_refuse_a_call()
    {
        await using var host = await EchoHost.Start(options => options.Interceptors.Add<Guard>("guard", new List<string>()));
        using var channel = host.Unix();

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Echo.EchoClient(channel).OnceAsync(new EchoRequest(), new Metadata { { "refuse", "yes" } }));

        Assert.Equal(StatusCode.PermissionDenied, error.StatusCode);
    }

    [Fact]
    public async Task Credentials_of_a_call_add_their_headers()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Tcp(new() { UnsafeUseInsecureChannelCallCredentials = true });
        var token = CallCredentials.FromInterceptor((context, headers) =>
        {
            headers.Add("authorization", $"Bearer for {context.MethodName}");
            return Task.CompletedTask;
        });
        var trace = CallCredentials.FromInterceptor((_, headers) =>
        {
            headers.Add("trace", "1");
            return Task.CompletedTask;
        });

        await new Echo.EchoClient(channel).OnceAsync(
            new EchoRequest(), new CallOptions(credentials: CallCredentials.Compose(token, trace)));
        var seen = await host.View.NextCall();

        Assert.Equal("Bearer for Once", seen.Headers.GetValue("authorization"));
        Assert.Equal("1", seen.Headers.GetValue("trace"));
    }

    [Fact]
    public void Credentials_of_calls_need_a_secure_channel()
    {
        var token = CallCredentials.FromInterceptor((_, _) => Task.CompletedTask);

        Assert.Throws<ArgumentException>(() => ChannelCredentials.Create(ChannelCredentials.Insecure, token));
        Assert.NotNull(ChannelCredentials.Create(ChannelCredentials.SecureSsl, token));
        Assert.Throws<ArgumentException>(() => CallCredentials.Compose(token));
    }

    private static string Joined(Metadata headers) => string.Join(", ", headers.GetAll("via").Select(entry => entry.Value));

    private sealed class Logging(string name, List<string> log) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            log.Add($"{name} in");
            var headers = context.Options.Headers ?? [];
            headers.Add("via", name);
            var call = continuation(
                request,
                new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers)));
            log.Add($"{name} out");
            return new AsyncUnaryCall<TResponse>(
                call.ResponseAsync, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
        }
    }
}
