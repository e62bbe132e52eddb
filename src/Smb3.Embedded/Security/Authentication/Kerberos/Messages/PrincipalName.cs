using System.Formats.Asn1;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>A principal within its realm (RFC 4120 5.2.2): <c>alice</c>, <c>cifs/server.example</c>.</summary>
internal sealed class PrincipalName(int type, IReadOnlyList<string> parts)
{
    private const int MaxParts = 16;

    public int Type => type;

    public IReadOnlyList<string> Parts => parts;

    public static PrincipalName Read(AsnReader reader)
    {
        var fields = reader.ReadSequence();
        var type = fields.ReadField(0).ReadInt32();
        var list = fields.ReadField(1).ReadSequence();
        var parts = new List<string>();
        while (list.HasData)
        {
            if (parts.Count == MaxParts)
            {
                throw new AsnContentException("A principal has more parts than any has.");
            }

            parts.Add(list.ReadKerberosString());
        }

        return new PrincipalName(type, parts);
    }

    /// <summary>
    /// Whether both are one principal. Active Directory ignores case, and a client writes the name of a server as its user does; names that
    /// differ in case only are not told apart by any KDC that matters here.
    /// </summary>
    public bool Equals(PrincipalName other) => Parts.SequenceEqual(other.Parts, StringComparer.OrdinalIgnoreCase);

    public override string ToString() => string.Join('/', parts);
}
