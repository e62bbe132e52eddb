using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Directory;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Hosting.Users;

/// <summary>Makes the mechanism for Kerberos out of its options.</summary>
internal static class KerberosSetup
{
    /// <summary>Null when there is no keytab.</summary>
    public static KerberosMechanism? Create(
        SmbKerberosOptions options, TimeProvider time, ISmbUserStore users, ISecurityTokenFactory tokens, DirectoryAccounts? directory, ILogger logger)
    {
        if (options.Keytab is not { } path)
        {
            return null;
        }

        var keytab = new KeytabFile(path, time, problem => ServerLog.KeytabNotRead(logger, LogText.Ours(problem)));
        var settings = new KerberosSettings { ClockSkew = options.ClockSkew, AllowRc4 = options.AllowRc4 };
        return new KerberosMechanism(new TicketReader(keytab.GetAsync, settings, time), new TicketAccounts(users, tokens, directory));
    }
}
