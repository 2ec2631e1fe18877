using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>When whoever asks the token endpoint is killed.</summary>
public enum Moment
{
    /// <summary>It has connected, and its request is not read.</summary>
    BeforeRequest,

    /// <summary>The endpoint has granted, and does not say so.</summary>
    AfterRequest,

    /// <summary>It has the answer, and may or may not have stored it.</summary>
    BeforeStore,
}

/// <summary>
/// A token endpoint whose refresh tokens are good for one use. Who asks it first after <see cref="Arm"/> is killed at the moment
/// that was asked for.
/// </summary>
internal sealed class TokenGate : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _good = [];
    private Moment? _moment;
    private Func<Action> _aim = () => () => { };
    private TaskCompletionSource _killed = new();

    private TokenGate(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.Single()}/token";

    /// <summary>How often it has granted anything since <see cref="Arm"/>.</summary>
    public int Grants { get; private set; }

    /// <summary>How often it was asked since <see cref="Arm"/>, and read the request.</summary>
    public int Asked { get; private set; }

    public static async Task<TokenGate> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        TokenGate? gate = null;
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(
            IPAddress.Loopback, 0, listen => listen.Use(next => connection => gate!.ConnectAsync(next, connection))));
        var app = builder.Build();
        gate = new TokenGate(app);
        app.Run(gate.AnswerAsync);
        await app.StartAsync();
        return gate;
    }

    /// <summary>The next one to ask is killed.</summary>
    /// <param name="refresh">The refresh token that is good from now on.</param>
    /// <param name="moment">When.</param>
    /// <param name="aim">Finds out who asks, and gives what kills it.</param>
    /// <returns>Ends when it is killed.</returns>
    public Task Arm(string refresh, Moment moment, Func<Action> aim)
    {
        lock (_gate)
        {
            (_moment, _aim, _killed, Grants, Asked) = (moment, aim, new TaskCompletionSource(), 0, 0);
            _good.Add(refresh);
            return _killed.Task;
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ConnectAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (IsTimeFor(Moment.BeforeRequest))
            Kill(_aim());
        else
            await next(connection);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        string? granted = null;
        lock (_gate)
        {
            Asked++;
            if (_good.Remove(body.GetProperty("refresh_token").GetString()!))
                _good.Add(granted = $"sk-ant-ort01-FAKE-{Guid.NewGuid():N}");
            Grants += granted is null ? 0 : 1;
        }

        if (IsTimeFor(Moment.AfterRequest))
        {
            Kill(_aim());
            context.Abort();
            return;
        }

        var kill = IsTimeFor(Moment.BeforeStore) ? _aim() : null;
        context.Response.StatusCode = granted is null ? 400 : 200;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(granted is null
            ? """{ "error": "invalid_grant", "error_description": "Refresh token not found or invalid" }"""
            : $$"""
                { "token_type": "Bearer", "access_token": "sk-ant-oat01-FAKE-{{Guid.NewGuid():N}}", "expires_in": 28800,
                  "refresh_token": "{{granted}}", "scope": "user:inference user:profile" }
                """));
        await context.Response.CompleteAsync();
        if (kill is not null)
        {
            // From nothing to about the time that it takes to store it.
            Thread.SpinWait(Random.Shared.Next(600_000));
            Kill(kill);
        }
    }

    private bool IsTimeFor(Moment moment)
    {
        lock (_gate)
        {
            if (_moment != moment)
                return false;
            _moment = null;
            return true;
        }
    }

    private void Kill(Action kill)
    {
        kill();
        _killed.SetResult();
    }
}
