using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Security.Directory;

namespace Smb3.Embedded.Hosting.Users;

/// <summary>Makes what asks the host's directory out of its options.</summary>
internal static class DirectorySetup
{
    /// <summary>Null when there is none.</summary>
    public static DirectoryAccounts? Create(SmbServerOptions options, ILogger logger) => options.AccountResolver is not { } resolver
        ? null
        : new DirectoryAccounts(resolver, options.Directory.Clone(), options.TimeProvider, problem =>
        {
            if (problem is null)
            {
                ServerLog.DirectoryAnswers(logger);
            }
            else
            {
                ServerLog.DirectoryFails(logger, problem);
            }
        });
}
