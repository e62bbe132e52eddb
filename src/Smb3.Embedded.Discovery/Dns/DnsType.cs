namespace Smb3.Embedded.Discovery.Dns;

/// <summary>Types of records and questions (RFC 1035 3.2.2, RFC 3596, RFC 2782, RFC 4034 4) that a responder knows.</summary>
internal enum DnsType : ushort
{
    None = 0,
    A = 1,
    Cname = 5,
    Ptr = 12,
    Txt = 16,
    Aaaa = 28,
    Srv = 33,
    Nsec = 47,
    Any = 255,
}
