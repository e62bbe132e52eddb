using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>Turns checked options into what the rooms below work with. The public enumerations have the protocol's values.</summary>
internal static class SettingsFactory
{
    private const FileAccessMask ReadAccess = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericExecute;
    private const FileAccessMask ChangeAccess =
        ReadAccess | FileAccessMask.FileGenericWrite | FileAccessMask.Delete | FileAccessMask.DeleteChild;

    public static ServerSettings Create(SmbServerOptions options)
    {
        var guests = options.Shares.Any(share => share.AllowGuest) || options.Namespaces.Any(space => space.AllowGuest);
        return new ServerSettings
        {
            ServerName = options.ServerName,
            DomainName = options.DomainName,
            Comment = options.Comment,
            AppleModel = options.AppleModel,
            PosixExtensions = options.Shares.Any(static share => share.Posix),
            MinDialect = (Smb2Dialect)options.MinDialect,
            MaxDialect = (Smb2Dialect)options.MaxDialect,
            SigningRequired = options.Signing == SmbSigning.Required,
            Encryption = options.Encryption switch
            {
                SmbEncryption.Off => EncryptionPolicy.Off,
                SmbEncryption.Required => EncryptionPolicy.Required,
                _ => EncryptionPolicy.Auto,
            },
            Ciphers = [.. options.Ciphers.Select(cipher => (Smb2Cipher)cipher)],
            SigningAlgorithms = [.. options.SigningAlgorithms.Select(algorithm => (Smb2SigningAlgorithm)algorithm)],
            Compression = options.Compression,
            MultiChannel = options.MultiChannel,
            RetryOplockBreaks = options.RetryOplockBreaks,
            AllowAnonymous = options.AllowAnonymous || guests,
            AllowGuest = options.AllowGuest || guests,
            OnlyAdministratorsSeeAccounts = options.OnlyAdministratorsSeeAccounts,
            LogonPolicies = [.. options.LogonPolicies.Select(policy => new LogonPolicy(
                [.. policy.Networks.Select(LogonPolicyReader.ParseNetwork).OfType<IPNetwork>()],
                [.. policy.EndPoints.Select(LogonPolicyReader.ParseEndPoint).OfType<LogonEndPoint>()],
                [.. policy.Users], [.. policy.Groups], [.. policy.Mechanisms], policy.RequireEncryption))],
            Limits = CreateLimits(options.Limits),
            BreakTimeout = options.BreakTimeout,
            InterimResponseDelay = options.InterimResponseDelay,
            DurableTimeout = options.DurableTimeout,
            MaxDurableTimeout = options.MaxDurableTimeout,
            MaxResilientTimeout = options.MaxResilientTimeout,
            DrainTimeout = options.DrainTimeout,
            TimeProvider = options.TimeProvider,
        };
    }

    public static SharePermissions CreatePermissions(SmbShareOptions share) => new(
        share.Users.ToDictionary(user => user.Key, user => MaskOf(user.Value)),
        share.Groups.ToDictionary(group => group.Key, group => MaskOf(group.Value)),
        MaskOf(share.Others ?? (share.Users.Count + share.Groups.Count == 0 ? SmbShareAccess.Full : SmbShareAccess.None)));

    public static LogonThrottleOptions Copy(LogonThrottleOptions throttle) => new()
    {
        FirstDelay = throttle.FirstDelay,
        MaximumDelay = throttle.MaximumDelay,
        Window = throttle.Window,
        FailuresPerAddress = throttle.FailuresPerAddress,
        FailuresPerUser = throttle.FailuresPerUser,
        MaximumEntries = throttle.MaximumEntries,
    };

    public static ServerLimits CreateLimits(SmbServerLimits limits) => new()
    {
        MaxConnections = limits.MaxConnections,
        MaxConnectionsPerAddress = limits.MaxConnectionsPerAddress,
        MaxSessionsPerConnection = limits.MaxSessionsPerConnection,
        MaxChannelsPerSession = limits.MaxChannelsPerSession,
        MaxTreeConnectsPerSession = limits.MaxTreeConnectsPerSession,
        MaxOpensPerSession = limits.MaxOpensPerSession,
        MaxLeasesPerClient = limits.MaxLeasesPerClient,
        MaxDisconnectedOpens = limits.MaxDisconnectedOpens,
        MaxPersistentOpens = limits.MaxPersistentOpens,
        MaxPersistentOpensPerUser = limits.MaxPersistentOpensPerUser,
        MaxCredits = limits.MaxCredits,
        MaxBytesInFlight = limits.MaxBytesInFlight,
        MaxTransactSize = limits.MaxTransactSize,
        MaxReadSize = limits.MaxReadSize,
        MaxWriteSize = limits.MaxWriteSize,
        MaxCopyChunks = limits.MaxCopyChunks,
        MaxCopyChunkSize = limits.MaxCopyChunkSize,
        MaxCopySize = limits.MaxCopySize,
        AuthenticationTimeout = limits.AuthenticationTimeout,
        IdleTimeout = limits.IdleTimeout,
    };

    private static FileAccessMask MaskOf(SmbShareAccess access) => access switch
    {
        SmbShareAccess.Read => ReadAccess,
        SmbShareAccess.Change => ChangeAccess,
        SmbShareAccess.Full => FileAccessMask.FileAllAccess,
        _ => FileAccessMask.None,
    };
}
