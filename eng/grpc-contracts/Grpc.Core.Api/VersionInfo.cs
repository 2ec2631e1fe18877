namespace Grpc.Core;

/// <summary>The version of the contract.</summary>
public static class VersionInfo
{
    /// <summary>The assembly version.</summary>
    public const string CurrentAssemblyVersion = "2.0.0.0";

    /// <summary>The file version.</summary>
    public const string CurrentAssemblyFileVersion = "2.85.0.0";

    /// <summary>The package version.</summary>
    public const string CurrentVersion = "2.85.0";
}
