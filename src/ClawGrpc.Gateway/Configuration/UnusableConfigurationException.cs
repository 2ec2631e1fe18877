namespace ClawGrpc.Gateway.Configuration;

/// <summary>The configuration cannot be used at the start; the message lists all errors with their places.</summary>
internal sealed class UnusableConfigurationException(string message) : Exception(message);
