namespace ClawGrpc.Testing;

/// <summary>From a request to the answer that the API would give, faults aside.</summary>
internal sealed class Api
{
    /// <summary>Largest body of a request, in bytes (anthropic-api.md 1).</summary>
    public const int MaximumBody = 32 * 1024 * 1024;

    private const string ModelPath = "/v1/models/";
    private readonly KeyRing _keys;
    private readonly MessagesEndpoint _messages;
    private readonly ModelsEndpoint _models;
    private readonly TokenEndpoint _tokens;

    public Api(SandboxOptions options, KeyRing keys, Ids ids)
    {
        var models = new ModelTable(options.ExtraModels);
        _keys = keys;
        _messages = new(options, models, ids);
        _models = new(models);
        _tokens = new(options, keys, ids);
    }

    /// <summary>The answer, and the account it was given to; null when the request did not get that far.</summary>
    public (Reply Reply, Account? Account) Answer(SeenRequest request, bool isTooLarge)
    {
        if (isTooLarge)
        {
            return (Reply.Error(ApiError.Of(413), request.RequestId), null);
        }

        switch (request.Method, request.Path)
        {
            case ("HEAD" or "GET", "/api/hello"):
                return (new Reply(200, null, []), null);
            case ("POST", "/v1/oauth/token"):
                return (_tokens.Answer(request), null);
            case var (method, path) when !IsKnown(method, path):
                return (Reply.Error(ApiError.Of(404), request.RequestId), null);
        }

        var (account, error) = _keys.Authenticate(request);
        error ??= Validation.CheckHeaders(request);
        return (error is null ? Answer(request, account!) : Reply.Error(error, request.RequestId), account);
    }

    public void ClearCache() => _messages.ClearCache();

    private Reply Answer(SeenRequest request, Account account) => request.Path switch
    {
        "/v1/messages" => _messages.Create(request, account),
        "/v1/messages/count_tokens" => _messages.CountTokens(request),
        "/v1/models" => _models.List(request.Query, request.RequestId),
        var path => _models.Get(path[ModelPath.Length..], request.RequestId),
    };

    private static bool IsKnown(string method, string path) => method switch
    {
        "POST" => path is "/v1/messages" or "/v1/messages/count_tokens",
        "GET" => path is "/v1/models" || path.StartsWith(ModelPath, StringComparison.Ordinal),
        _ => false,
    };
}
