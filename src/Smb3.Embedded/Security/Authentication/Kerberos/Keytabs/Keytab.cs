using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;

/// <summary>The keys of a file, as of the last time that it was read.</summary>
internal sealed class Keytab(IReadOnlyList<KeytabEntry> entries)
{
    public IReadOnlyList<KeytabEntry> Entries => entries;

    /// <summary>Whether it has any key of the service, of whatever version and type.</summary>
    public bool Has(string realm, PrincipalName service) => entries.Any(entry => IsOf(entry, realm, service));

    /// <summary>
    /// The keys that a ticket for a service may be encrypted with, best first: the service's own; and those of other names in the realm, because
    /// in Active Directory all names of an account have one key.
    /// </summary>
    public IEnumerable<KeytabEntry> Find(string realm, PrincipalName service, EncryptionType type, uint? version)
    {
        var fitting = entries.Where(entry => entry.Key.Profile.Type == type
            && entry.Realm.Equals(realm, StringComparison.OrdinalIgnoreCase)
            && IsVersion(entry.Version, version));
        return fitting.OrderByDescending(entry => entry.Principal.Equals(service)).ThenByDescending(entry => entry.Version);
    }

    private static bool IsOf(KeytabEntry entry, string realm, PrincipalName service) =>
        entry.Principal.Equals(service) && entry.Realm.Equals(realm, StringComparison.OrdinalIgnoreCase);

    /// <summary>Old files have only the low eight bits; a read-only domain controller puts its own number into the high half.</summary>
    private static bool IsVersion(uint has, uint? wanted) =>
        wanted is null or 0 || has == wanted || has == (wanted & 0xFFFF) || has == (wanted & 0xFF);
}
