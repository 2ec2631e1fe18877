using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary>Asks Anthropic, by a free call of the server, whether it takes a credential before that is stored.</summary>
internal sealed class OnboardCheck(Invocation invocation, OnboardOptions options, OnboardQuestions questions)
{
    // What upstream says of a credential or its account, or what keeps it from saying anything. All other reasons are about the
    // request, and not for this class.
    private static readonly ErrorReason[] OfUpstream =
    [
        ErrorReason.CredentialRejected, ErrorReason.AccountRefused, ErrorReason.NotPermitted, ErrorReason.Billing,
        ErrorReason.RateLimited, ErrorReason.PlanExhausted, ErrorReason.Overloaded, ErrorReason.ServerError,
        ErrorReason.TimedOut, ErrorReason.ModelNotFound, ErrorReason.RequestRejected, ErrorReason.RequestTooCostly,
    ];

    // Whether the person chose to store what could not be checked.
    private bool _isWaived;

    /// <summary>Whether a check failed for what Anthropic says of the credential, or for what keeps it from saying it.</summary>
    public static bool IsOfUpstream(RpcException failure) => OfUpstream.Contains(ClawGrpcError.From(failure).Reason);

    /// <summary>Checks, if an option or the person wants it.</summary>
    /// <returns>Whether to store the credential; otherwise another one is asked for.</returns>
    /// <exception cref="CliFailure">Anthropic does not take it, and there is no other one to ask for.</exception>
    public async Task<bool> RunAsync(OnboardRequest request, OnboardSecret? secret, CancellationToken cancellation)
    {
        if (secret is null || _isWaived || !await IsWantedAsync(secret, cancellation))
            return true;
        try
        {
            var check = request.Clone();
            check.ValidateOnly = true;
            await invocation.Auth.OnboardAsync(check, cancellationToken: cancellation);
            invocation.Error.Write("Anthropic takes it.\n");
            return true;
        }
        catch (RpcException exception) when (IsOfUpstream(exception))
        {
            var error = ClawGrpcError.From(exception);
            var text = Secrets.Mask(error.Message);
            if (!questions.CanAsk || request.ClaudeCli is not null)
                throw CliFailure.Failed($"{text} Nothing was stored.");
            questions.Say(text);
            _isWaived = error.Reason is not (ErrorReason.CredentialRejected or ErrorReason.AccountRefused)
                && await questions.ConfirmAsync("Store it all the same?", defaultAnswer: false, cancellation);
            return _isWaived;
        }
    }

    private async Task<bool> IsWantedAsync(OnboardSecret secret, CancellationToken cancellation) =>
        invocation.Get(options.Verify) || (questions.CanAsk && secret.WasChosen && await questions.ConfirmAsync(
            "Ask Anthropic now whether it takes it? The call is free.", defaultAnswer: true, cancellation));
}
