using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>LSAPR_REFERENCED_DOMAIN_LIST (MS-LSAT 2.2.12): the domains that translated names and SIDs point to by index.</summary>
internal sealed class ReferencedDomains
{
    private readonly List<(string Name, Sid Sid)> _domains = [];
    private readonly Dictionary<Sid, int> _indexes = [];

    /// <summary>The index of an account's domain, which is added if need be; -1 for no account.</summary>
    public int IndexOf(PipeAccount? account)
    {
        if (account is null)
        {
            return -1;
        }

        if (!_indexes.TryGetValue(account.DomainSid, out var index))
        {
            index = _domains.Count;
            _indexes.Add(account.DomainSid, index);
            _domains.Add((account.DomainName, account.DomainSid));
        }

        return index;
    }

    /// <summary>A pointer to the list, and the list.</summary>
    public void Write(NdrWriter writer)
    {
        writer.WritePointer();
        writer.WriteUInt32((uint)_domains.Count);
        writer.WritePointer(_domains.Count > 0);

        // MaxEntries: the client must ignore it (MS-LSAT 2.2.12), Windows sends 32.
        writer.WriteUInt32(32);
        if (_domains.Count == 0)
        {
            return;
        }

        writer.WriteUInt32((uint)_domains.Count);
        foreach (var (name, _) in _domains)
        {
            writer.WriteUnicodeString(name);
            writer.WritePointer();
        }

        foreach (var (name, sid) in _domains)
        {
            writer.WriteUnicodeStringBuffer(name);
            writer.WriteSid(sid);
        }
    }
}
