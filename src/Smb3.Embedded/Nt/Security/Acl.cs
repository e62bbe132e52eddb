using System.Buffers.Binary;

namespace Smb3.Embedded.Nt.Security;

/// <summary>
/// An access control list (MS-DTYP 2.4.5): revision (1 byte), padding (1), size (2), count (2), padding (2), entries. The order
/// of the entries matters; nothing here changes it.
/// </summary>
/// <param name="Entries">The entries in order.</param>
internal sealed record Acl(IReadOnlyList<Ace> Entries)
{
    private const int HeaderLength = 8;
    private const byte BasicRevision = 2;
    private const byte DirectoryServiceRevision = 4;

    /// <summary>An empty list: as a DACL it grants nobody anything.</summary>
    public static Acl Empty { get; } = new([]);

    /// <summary>The revision: 2, or 4 where an entry needs it.</summary>
    public byte Revision { get; init; } = BasicRevision;

    /// <summary>Bytes of the binary form.</summary>
    public int BinaryLength
    {
        get
        {
            var length = HeaderLength;
            foreach (var entry in Entries)
            {
                length += entry.BinaryLength;
            }

            return length;
        }
    }

    /// <summary>Reads the list at the start of <paramref name="source"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out Acl? acl)
    {
        acl = null;
        if (source.Length < HeaderLength)
        {
            return false;
        }

        var revision = source[0];
        var length = BinaryPrimitives.ReadUInt16LittleEndian(source[2..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (revision is < BasicRevision or > DirectoryServiceRevision || length < HeaderLength || length > source.Length
            || count > (length - HeaderLength) / 4)
        {
            return false;
        }

        var entries = new List<Ace>(count);
        var rest = source[HeaderLength..length];
        for (var i = 0; i < count; i++)
        {
            if (!Ace.TryRead(rest, out var ace, out var taken))
            {
                return false;
            }

            entries.Add(ace!);
            rest = rest[taken..];
        }

        acl = new Acl(entries) { Revision = revision };
        return true;
    }

    /// <summary>Writes the binary form.</summary>
    /// <param name="destination">At least <see cref="BinaryLength"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public int WriteTo(Span<byte> destination)
    {
        var length = BinaryLength;
        destination[..HeaderLength].Clear();
        destination[0] = Revision;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], (ushort)Entries.Count);
        var at = HeaderLength;
        foreach (var entry in Entries)
        {
            at += entry.WriteTo(destination[at..]);
        }

        return length;
    }
}
