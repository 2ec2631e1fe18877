using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// The sandbox's own endpoints, for those who run it as a program: faults, requests and keys below <c>/_sandbox</c>. None of
/// them is logged or
/// needs a credential.
/// </summary>
internal sealed class Control(Sandbox sandbox)
{
    public const string Prefix = "/_sandbox";

    public async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        try
        {
            await HandleAsync(context, body.ToArray());
        }
        catch (Exception error) when (error is JsonException or ArgumentException or TimeoutException)
        {
            await AnswerAsync(context, error is TimeoutException ? 408 : 400, error.Message);
        }
    }

    private async Task HandleAsync(HttpContext context, byte[] body)
    {
        switch (context.Request.Method, context.Request.Path.Value![Prefix.Length..])
        {
            case ("POST", "/faults"):
                var script = SandboxScript.Parse(body);
                sandbox.Script(script.Faults);
                AddKeys(script.Keys);
                break;
            case ("DELETE", "/faults"):
                sandbox.ClearScript();
                break;
            case ("POST", "/keys"):
                AddKeys(SandboxScript.ParseKeys(body));
                break;
            case ("GET", "/requests"):
                await AnswerRequestsAsync(context);
                return;
            case ("DELETE", "/requests"):
                sandbox.ClearRequests();
                break;
            case ("DELETE", "/cache"):
                sandbox.ClearCache();
                break;
            default:
                await AnswerAsync(context, 404, "Unknown control path.");
                return;
        }

        context.Response.StatusCode = 204;
    }

    // ?atLeast=N waits for N requests, so that a script needs no sleep either.
    private async Task AnswerRequestsAsync(HttpContext context)
    {
        var requests = int.TryParse(context.Request.Query["atLeast"], out var count)
            ? await sandbox.WaitForRequestsAsync(count)
            : sandbox.Requests;
        context.Response.ContentType = Reply.JsonType;
        await context.Response.Body.WriteAsync(RequestsJson.Write(requests), context.RequestAborted);
    }

    private void AddKeys(IEnumerable<SandboxKey> keys)
    {
        foreach (var key in keys)
        {
            sandbox.AddKey(key);
        }
    }

    private static async Task AnswerAsync(HttpContext context, int status, string error)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(error + "\n", context.RequestAborted);
    }
}
