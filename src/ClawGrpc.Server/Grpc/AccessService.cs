using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Client = ClawGrpc.Core.Access.Client;
using ClientToken = ClawGrpc.Core.Access.ClientToken;

namespace ClawGrpc.Server.Grpc;

/// <summary>AccessService: who may call.</summary>
internal sealed class AccessService(
    Clients clients, Budgets budgets, AuditCalls audit, ServerCalls server, TimeProvider time)
    : V1.AccessService.AccessServiceBase
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;
    private static readonly TimeSpan DefaultLife = TimeSpan.FromDays(90);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3653);
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestGrace = TimeSpan.FromDays(30);

    public override Task<WhoAmIResponse> WhoAmI(WhoAmIRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        var client = ClientMapping.WithoutProofs(caller.Client);
        client.BudgetUse = UseOf(caller.Client);
        return Task.FromResult(new WhoAmIResponse
        {
            Client = client,
            Proof = caller.Proof.Kind,
            Shown = ShownBy(caller.Proof),
            ExpireTime = caller.Expires is { } end ? Timestamp.FromDateTimeOffset(end) : null,
            BoundAgentId = caller.Token?.Agent ?? "",
            BoundSessionId = caller.Token?.Session ?? "",
        });
    }

    public override Task<GetServerResponse> GetServer(GetServerRequest request, ServerCallContext context) =>
        server.GetAsync(request, context.CancellationToken);

    public override Task<ListClientsResponse> ListClients(ListClientsRequest request, ServerCallContext context)
    {
        if (request.PageSize is < 0 or > LargestPage)
            throw Refusal.InvalidField("page_size", $"Expected 0 to {LargestPage}").ToException();
        var size = request.PageSize == 0 ? DefaultPage : request.PageSize;
        var page = clients.Directory.Clients
            .Where(client => string.CompareOrdinal(client.Name, request.PageToken) > 0).Take(size + 1).ToList();
        var response = new ListClientsResponse { NextPageToken = page.Count > size ? page[size - 1].Name : "" };
        foreach (var client in page.Take(size))
        {
            var message = ClientMapping.ToMessage(client);
            message.BudgetUse = UseOf(client);
            response.Clients.Add(message);
        }

        return Task.FromResult(response);
    }

    public override async Task<AddClientResponse> AddClient(AddClientRequest request, ServerCallContext context)
    {
        var added = await clients.AddAsync(Checked(request.Client), context.CancellationToken);
        return new AddClientResponse { Client = ClientMapping.ToMessage(added) };
    }

    public override async Task<UpdateClientResponse> UpdateClient(UpdateClientRequest request, ServerCallContext context)
    {
        var updated = await clients.UpdateAsync(Checked(request.Client), context.CancellationToken);
        return new UpdateClientResponse { Client = ClientMapping.ToMessage(updated) };
    }

    public override async Task<RemoveClientResponse> RemoveClient(RemoveClientRequest request, ServerCallContext context)
    {
        await clients.RemoveAsync(request.Name.Trim(), context.CancellationToken);
        return new RemoveClientResponse();
    }

    public override async Task<CreateTokenResponse> CreateToken(CreateTokenRequest request, ServerCallContext context)
    {
        var errors = new FieldErrors();
        var (label, agent, session) = (request.Label.Trim(), request.AgentId.Trim(), request.SessionId);
        errors.Add(ClientRules.TokenProblems(label, agent, session));
        var life = LifeOf(request.Ttl, request.NoExpiry, errors);
        Refusal.IfAny(errors);
        var wanted = new ClientToken { Id = "", Label = label, Agent = agent, Session = session, Generations = [] };
        var (secret, token) = await clients.CreateTokenAsync(request.Client.Trim(), wanted, life, context.CancellationToken);
        return new CreateTokenResponse { Secret = secret.Reveal(), Token = ClientMapping.ToMessage(token) };
    }

    public override async Task<RotateTokenResponse> RotateToken(RotateTokenRequest request, ServerCallContext context)
    {
        var errors = new FieldErrors();
        var life = LifeOf(request.Ttl, request.NoExpiry, errors);
        var grace = SpanOf("grace", request.Grace, LongestGrace, errors) ?? DefaultGrace;
        Refusal.IfAny(errors);
        var (secret, token) = await clients.RotateTokenAsync(
            request.TokenId.Trim(), life, grace, context.CancellationToken);
        return new RotateTokenResponse { Secret = secret.Reveal(), Token = ClientMapping.ToMessage(token) };
    }

    public override async Task<RevokeTokenResponse> RevokeToken(RevokeTokenRequest request, ServerCallContext context)
    {
        await clients.RevokeTokenAsync(request.TokenId.Trim(), context.CancellationToken);
        return new RevokeTokenResponse();
    }

    public override Task<GetAuditHeadResponse> GetAuditHead(GetAuditHeadRequest request, ServerCallContext context) =>
        audit.HeadAsync(context.CancellationToken);

    public override Task<VerifyAuditResponse> VerifyAudit(VerifyAuditRequest request, ServerCallContext context) =>
        audit.VerifyAsync(request, context.CancellationToken);

    public override Task TailAudit(
        TailAuditRequest request, IServerStreamWriter<TailAuditResponse> responseStream, ServerCallContext context) =>
        audit.TailAsync(request, responseStream, context.Writing(), context.CancellationToken);

    private BudgetUse? UseOf(Client client) =>
        ClientMapping.ToMessage(client, budgets.SpentBy(client), time.GetUtcNow());

    private static string ShownBy(Proof proof) => proof switch
    {
        Proof.Peer peer => $"user {peer.Uid}",
        Proof.Token token => token.Id,
        Proof.Certificate certificate => string.Join(", ", certificate.Names),
        Proof.Jwt jwt => $"{jwt.Subject} of {jwt.Issuer}",
        _ => "",
    };

    private static Client Checked(V1.Client? message)
    {
        if (message is null)
            throw Refusal.InvalidField("client", "Required").ToException();
        var errors = new FieldErrors();
        errors.Enter("client");
        var client = ClientMapping.ToClient(message, errors);
        errors.Add(ClientRules.Problems(client));
        Refusal.IfAny(errors);
        return client;
    }

    private static TimeSpan? LifeOf(Duration? ttl, bool never, FieldErrors errors)
    {
        if (never && ttl is not null)
            errors.Add("ttl", "Expected either a span or no_expiry");
        var span = SpanOf("ttl", ttl, LongestLife, errors);
        if (span == TimeSpan.Zero)
            errors.Add("ttl", "Expected a span above zero");
        return never ? null : span ?? DefaultLife;
    }

    private static TimeSpan? SpanOf(string field, Duration? given, TimeSpan longest, FieldErrors errors)
    {
        if (given is null)
            return null;
        if (given.Seconds >= 0 && given.Nanos is >= 0 and < 1_000_000_000 && given.Seconds <= longest.TotalSeconds)
            return given.ToTimeSpan();
        errors.Add(field, $"Expected a span of at most {longest.TotalDays:0} days");
        return null;
    }
}
