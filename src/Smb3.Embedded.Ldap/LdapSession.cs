using System.DirectoryServices.Protocols;
using System.Net;

namespace Smb3.Embedded.Ldap;

/// <summary>One connection to one server of the directory, bound and ready. Used by one thread at a time, which it may block.</summary>
internal sealed class LdapSession : IDisposable
{
    private const int MaxEntries = 1024;
    private const string ActiveDirectoryCapability = "1.2.840.113556.1.4.800"; // LDAP_CAP_ACTIVE_DIRECTORY_OID, MS-ADTS 3.1.1.3.4.3

    private readonly LdapConnection _connection;
    private readonly TimeSpan _timeout;

    private LdapSession(LdapConnection connection, TimeSpan timeout) => (_connection, _timeout) = (connection, timeout);

    /// <summary>Below which entry everything is.</summary>
    public string BaseDn { get; private set; } = string.Empty;

    /// <summary>Where Active Directory keeps its configuration.</summary>
    public string ConfigurationDn { get; private set; } = string.Empty;

    public bool IsActiveDirectory { get; private set; }

    /// <summary>Connects, encrypts, authenticates, and looks what it is.</summary>
    /// <exception cref="Exception">It cannot.</exception>
    public static LdapSession Open(LdapServer server, LdapOptions options)
    {
        var connection = new LdapConnection(new LdapDirectoryIdentifier(server.Host, server.Port, fullyQualifiedDnsHostName: false, connectionless: false))
        {
            AutoBind = false,
            Timeout = options.Timeout,
        };
        try
        {
            connection.SessionOptions.ProtocolVersion = 3;
            connection.SessionOptions.ReferralChasing = ReferralChasingOptions.None;
            if (options.CaDirectory is { } certificates && OperatingSystem.IsLinux())
            {
                connection.SessionOptions.TrustedCertificatesDirectory = certificates;
                connection.SessionOptions.StartNewTlsSessionContext();
            }

            if (server.IsTls)
            {
                connection.SessionOptions.SecureSocketLayer = true;
            }
            else if (options.StartTls)
            {
                Connect(connection, options.Timeout);
                connection.SessionOptions.StartTransportLayerSecurity(null);
            }

            Bind(connection, options);
            var session = new LdapSession(connection, options.Timeout);
            session.Look(options);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The entries that fit a filter, below the base.</summary>
    public List<SearchResultEntry> Find(string filter, params string[] attributes) => Search(BaseDn, filter, SearchScope.Subtree, attributes);

    public List<SearchResultEntry> Search(string dn, string filter, SearchScope scope, params string[] attributes)
    {
        var request = new SearchRequest(dn, filter, scope, attributes) { SizeLimit = MaxEntries, TimeLimit = _timeout };
        var response = (SearchResponse)_connection.SendRequest(request, _timeout);
        return [.. response.Entries.Cast<SearchResultEntry>()];
    }

    /// <summary>An entry by its name; null when there is none, or it may not be read.</summary>
    public SearchResultEntry? Read(string dn, params string[] attributes) =>
        Search(dn, "(objectClass=*)", SearchScope.Base, attributes).FirstOrDefault();

    public void Dispose() => _connection.Dispose();

    /// <summary>On Linux the library would begin TLS with a server that it has not been told yet; the first request tells it. Asks for nothing.</summary>
    private static void Connect(LdapConnection connection, TimeSpan timeout)
    {
        try
        {
            connection.SendRequest(new SearchRequest(string.Empty, "(objectClass=*)", SearchScope.Base, "1.1"), timeout);
        }
        catch (DirectoryOperationException)
        {
            // A server that answers nothing before TLS has answered.
        }
    }

    private static void Bind(LdapConnection connection, LdapOptions options)
    {
        if (options.Kerberos)
        {
            connection.AuthType = AuthType.Kerberos;
            connection.Bind();
        }
        else if (options.BindName is { } name)
        {
            var password = options.PasswordFile is { } file ? File.ReadLines(file).FirstOrDefault() : options.Password;
            if (string.IsNullOrEmpty(password))
            {
                // RFC 4513 5.1.2: a name without a password is a success that proves nothing.
                throw new InvalidOperationException("The password for the directory is empty.");
            }

            connection.AuthType = AuthType.Basic;
            connection.Bind(new NetworkCredential(name, password));
        }
        else
        {
            connection.AuthType = AuthType.Anonymous;
            connection.Bind();
        }
    }

    /// <summary>The root DSE says what the directory is (RFC 4512 5.1).</summary>
    private void Look(LdapOptions options)
    {
        var root = Read(string.Empty, "defaultNamingContext", "namingContexts", "configurationNamingContext", "supportedCapabilities");
        BaseDn = options.BaseDn ?? root?.Text("defaultNamingContext") ?? root?.Text("namingContexts")
            ?? throw new InvalidOperationException("The directory names no naming context; set BaseDn.");
        ConfigurationDn = root?.Text("configurationNamingContext") ?? string.Empty;
        IsActiveDirectory = options.Schema == LdapSchema.ActiveDirectory
            || (options.Schema == LdapSchema.Auto && root is not null && root.Texts("supportedCapabilities").Contains(ActiveDirectoryCapability));
    }
}
