using System.Net;
using Smb3.Embedded.Discovery.Dns;

namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>A record on one link, and when it was and is to be sent there.</summary>
/// <param name="record">The record.</param>
/// <param name="isAbsence">Whether it only says which types its name does not have.</param>
internal sealed class MdnsEntry(DnsRecord record, bool isAbsence)
{
    public DnsRecord Record { get; } = record;

    public bool IsAbsence { get; } = isAbsence;

    /// <summary>When it was sent to all of the link; null: never.</summary>
    public TimeSpan? Sent { get; set; }

    /// <summary>When it is to be sent to all; null: nobody waits for it.</summary>
    public TimeSpan? Due { get; set; }

    /// <summary>The only one who has asked for it, who may still say that it knows it (RFC 6762 7.2); null: there are several, or none.</summary>
    public IPAddress? Asker { get; set; }
}
