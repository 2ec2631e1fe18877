using ClawGrpc.Core.Access;
using Microsoft.AspNetCore.Authorization;

namespace ClawGrpc.Server.Access;

/// <summary>What an RPC takes: metadata of its endpoint.</summary>
/// <param name="Scope">The scope; none if every client may call it.</param>
/// <param name="AllAgents">
/// Whether it is about what all agents share, or about clients, so that it takes the right to all.
/// </param>
/// <param name="IsChange">
/// Whether it changes credentials, clients, orders or models: the audit has it before and after, and it is refused if the audit
/// cannot be written.
/// </param>
/// <param name="IsCompletion">Whether it asks upstream for an answer: the audit has a line for each.</param>
internal sealed record RpcAccess(
    Scopes Scope, bool AllAgents = false, bool IsChange = false, bool IsCompletion = false) : IAuthorizationRequirement
{
    /// <summary>Of a call that asks upstream for an answer.</summary>
    public static readonly RpcAccess Completion = new(Scopes.Complete, IsCompletion: true);

    private static readonly Dictionary<string, RpcAccess> Table = new(StringComparer.Ordinal)
    {
        ["/clawgrpc.v1.AuthService/Onboard"] = new(Scopes.Onboard, IsChange: true),
        ["/clawgrpc.v1.AuthService/PasteToken"] = new(Scopes.Onboard, IsChange: true),
        ["/clawgrpc.v1.AuthService/DeleteProfile"] = new(Scopes.Onboard, IsChange: true),
        ["/clawgrpc.v1.AuthService/ResetProfile"] = new(Scopes.Admin, IsChange: true),
        ["/clawgrpc.v1.AuthService/RebindProfile"] = new(Scopes.Admin, IsChange: true),
        ["/clawgrpc.v1.AuthService/GetProfileOrder"] = new(Scopes.Status),
        ["/clawgrpc.v1.AuthService/SetProfileOrder"] = new(Scopes.Admin, IsChange: true),
        ["/clawgrpc.v1.AuthService/ClearProfileOrder"] = new(Scopes.Admin, IsChange: true),
        ["/clawgrpc.v1.AuthService/ProbeProfiles"] = new(Scopes.Admin),
        ["/clawgrpc.v1.AuthService/GetSealing"] = new(Scopes.Admin, AllAgents: true),
        ["/clawgrpc.v1.AuthService/SealSecrets"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AuthService/UnsealSecrets"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AuthService/RotateSealingKey"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AuthService/ListAgents"] = new(Scopes.Status),
        ["/clawgrpc.v1.AuthService/AddAgent"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AuthService/RemoveAgent"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/GetStatus"] = new(Scopes.Status),
        ["/clawgrpc.v1.ModelService/WatchStatus"] = new(Scopes.Status),
        ["/clawgrpc.v1.ModelService/ListModels"] = new(Scopes.Status),
        ["/clawgrpc.v1.ModelService/Complete"] = Completion,
        ["/clawgrpc.v1.ModelService/StreamComplete"] = Completion,
        ["/clawgrpc.v1.ModelService/CountTokens"] = new(Scopes.Complete),
        ["/clawgrpc.v1.ModelService/PlanCompletion"] = new(Scopes.Complete),
        ["/clawgrpc.v1.ModelService/GetUsage"] = new(Scopes.Status),
        ["/clawgrpc.v1.ModelService/ResolveModel"] = new(Scopes.Status),
        ["/clawgrpc.v1.ModelService/AllowModels"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/DisallowModels"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/SetDefaultModel"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/AddModelAlias"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/RemoveModelAlias"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/AddModelFallback"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/RemoveModelFallback"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.ModelService/ClearModelFallbacks"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/WhoAmI"] = new(Scopes.None),
        ["/clawgrpc.v1.AccessService/GetServer"] = new(Scopes.Status),
        ["/clawgrpc.v1.AccessService/ListClients"] = new(Scopes.Admin, AllAgents: true),
        ["/clawgrpc.v1.AccessService/AddClient"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/UpdateClient"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/RemoveClient"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/CreateToken"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/RotateToken"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/RevokeToken"] = new(Scopes.Admin, AllAgents: true, IsChange: true),
        ["/clawgrpc.v1.AccessService/GetAuditHead"] = new(Scopes.Admin, AllAgents: true),
        ["/clawgrpc.v1.AccessService/VerifyAudit"] = new(Scopes.Admin, AllAgents: true),
        ["/clawgrpc.v1.AccessService/TailAudit"] = new(Scopes.Admin, AllAgents: true),
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = new(Scopes.Status),
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = new(Scopes.Status),
    };

    /// <summary>What every client may ask for.</summary>
    public static readonly RpcAccess AnyClient = new(Scopes.None);

    /// <summary>The row of an RPC; null if it has none, and so must not be served.</summary>
    /// <param name="rpc">Its path, such as <c>/clawgrpc.v1.ModelService/Complete</c>.</param>
    public static RpcAccess? Find(string rpc) => Table.GetValueOrDefault(rpc);

    /// <summary>Whether a caller may call it.</summary>
    public bool Permits(Caller caller) => caller.May(Scope) && (!AllAgents || caller.HasAllAgents);
}
