using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Grpc.Core;

namespace ClawGrpc.Contracts.Tests;

public sealed class ContractTests
{
    /// <summary>A method that is missing would otherwise be noticed by the first call that reaches it.</summary>
    [Theory]
    [InlineData("Grpc.Net.Client")]
    [InlineData("Grpc.AspNetCore.Server")]
    public void Every_type_loads_and_every_member_it_refers_to_exists(string name)
    {
        var assembly = Assembly.Load(name);
        var any = Enumerable.Repeat(typeof(object), 8).ToArray();

        Assert.NotEmpty(assembly.GetTypes());
        using var image = new PEReader(File.OpenRead(assembly.Location));
        var reader = image.GetMetadataReader();
        foreach (var type in reader.TypeReferences)
            assembly.ManifestModule.ResolveType(MetadataTokens.GetToken(type));
        foreach (var member in reader.MemberReferences)
        {
            // Type arguments that break a constraint are this test's doing; a member that is not there is the contract's.
            var failure = Record.Exception(() => assembly.ManifestModule.ResolveMember(MetadataTokens.GetToken(member), any, any));
            Assert.False(failure is MissingMemberException, failure?.Message);
        }
    }

    [Theory]
    [InlineData("Grpc.Core.Api")]
    [InlineData("Grpc.Net.Common")]
    public void The_contracts_have_the_identity_the_published_assemblies_bind_to(string name)
    {
        var identity = Assembly.Load(name).GetName();

        Assert.Equal(new Version(2, 0, 0, 0), identity.Version);
        Assert.Equal("D754F35622E28BAD", Convert.ToHexString(identity.GetPublicKeyToken()!));
    }

    [Fact]
    public void Options_of_a_call_are_copied_by_each_change()
    {
        var none = default(CallOptions);
        var deadline = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        var some = none.WithDeadline(deadline).WithWaitForReady().WithHeaders([]);

        Assert.Null(none.Deadline);
        Assert.Equal(deadline, some.Deadline);
        Assert.True(some.IsWaitForReady);
        Assert.False(some.WithWaitForReady(false).IsWaitForReady);
        Assert.Empty(some.Headers!);
    }

    [Fact]
    public void A_context_of_a_tests_own_can_stand_in_for_a_call()
    {
        ServerCallContext context = new OwnContext();
        context.UserState["who"] = "me";
        context.Status = new Status(StatusCode.NotFound, "x");
        context.ResponseTrailers.Add("k", "v");

        Assert.Equal("me", context.UserState["who"]);
        Assert.Equal(StatusCode.NotFound, context.Status.StatusCode);
        Assert.Equal("v", context.ResponseTrailers.GetValue("k"));
        Assert.False(context.AuthContext.IsPeerAuthenticated);
    }

    private sealed class OwnContext : ServerCallContext
    {
        protected override string MethodCore => "/s/m";

        protected override string HostCore => "h";

        protected override string PeerCore => "p";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore { get; } = [];

        protected override CancellationToken CancellationTokenCore => CancellationToken.None;

        protected override Metadata ResponseTrailersCore { get; } = [];

        protected override Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore { get; } = new(null, []);

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
            throw new NotSupportedException();

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
