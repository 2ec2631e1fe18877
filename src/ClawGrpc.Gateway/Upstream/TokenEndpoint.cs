using System.Net.Http.Headers;
using System.Text.Json;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>
/// Asks the configured token endpoint for new tokens; decides nothing. No redirect is followed: a secret belongs to one origin.
/// </summary>
internal sealed class TokenEndpoint(Connections connections, TimeProvider time)
{
    // The file is locked meanwhile, and other programs wait for it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private const int LongestGrant = 64 * 1024;

    /// <summary>
    /// One <c>refresh_token</c> grant, in the JSON that Anthropic's endpoint takes (anthropic-api.md, section 6.2). Never throws.
    /// </summary>
    public async Task<GrantAnswer> AskAsync(OAuthConfiguration endpoint, Secret refreshToken)
    {
        using var patience = new Patience(time, CancellationToken.None);
        patience.Start(Longest);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.TokenUrl);
            request.Content = new ByteArrayContent(BodyOf(endpoint, refreshToken));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.TryAddWithoutValidation("accept", "application/json");
            request.Headers.TryAddWithoutValidation("user-agent", $"ClawGrpc/{ProductVersion.Text}");
            // A refresh token is good for one use: a request that is lost with a kept connection cannot be repeated.
            using var response = await connections.SendAsync(request, onNew: true, patience.Token);
            var body = response.IsSuccessStatusCode
                ? await AnswerBody.ReadAsync(response, LongestGrant, patience.Token)
                : await AnswerBody.ReadErrorAsync(response, time, CancellationToken.None);
            var headers = AnswerHeaders.Of(
                response.Headers.NonValidated.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString())));
            return GrantAnswer.Read((int)response.StatusCode, headers, body, refreshToken, time.GetUtcNow());
        }
        catch (OperationCanceledException)
        {
            return new GrantAnswer.Failed($"the token endpoint did not answer within {Longest.TotalSeconds:0.#} s");
        }
        catch (MalformedAnswerException exception)
        {
            return new GrantAnswer.Failed($"the answer of the token endpoint is malformed: {exception.Message}");
        }
        catch (Exception exception) when (AnswerBody.IsBreak(exception))
        {
            return new GrantAnswer.Failed(
                $"the connection to the token endpoint failed ({(exception.InnerException ?? exception).Message.TrimEnd('.')})");
        }
    }

    private static byte[] BodyOf(OAuthConfiguration endpoint, Secret refreshToken)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("grant_type", "refresh_token");
            json.WriteString("client_id", endpoint.ClientId);
            json.WriteString("refresh_token", refreshToken.Reveal());
            json.WriteEndObject();
        }
        return body.ToArray();
    }
}
