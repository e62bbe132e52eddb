using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;

/// <summary>One key of a keytab.</summary>
internal sealed record KeytabEntry(string Realm, PrincipalName Principal, uint Version, KerberosKey Key);
