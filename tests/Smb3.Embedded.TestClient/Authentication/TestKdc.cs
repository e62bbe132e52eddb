using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

namespace Smb3.Embedded.TestClient.Authentication;

/// <summary>A KDC and its client: makes tickets and what a client sends with them, right or with one thing wrong.</summary>
internal sealed class TestKdc
{
    public const string Realm = "TEST.EXAMPLE";

    /// <summary>The number of the client's first message.</summary>
    public const uint FirstSequence = 0x80000001;

    public static readonly Sid Domain = Sid.Parse("S-1-5-21-1-2-3");

    public static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    public TestKdc(EncryptionType type = EncryptionType.Aes256Sha1, EncryptionType? sessionType = null)
    {
        ServiceKey = KerberosKey.Generate(EncryptionProfile.Of(type)!);
        SessionKey = KerberosKey.Generate(EncryptionProfile.Of(sessionType ?? type)!);
        SubKey = KerberosKey.Generate(SessionKey.Profile);
        PacKey = ServiceKey;
    }

    public KerberosKey ServiceKey { get; set; }

    public KerberosKey SessionKey { get; }

    /// <summary>What the client proposes; null: nothing.</summary>
    public KerberosKey? SubKey { get; set; }

    /// <summary>What the PAC is signed with.</summary>
    public KerberosKey PacKey { get; set; }

    public string[] Service { get; set; } = ["cifs", "files.test.example"];

    public string ServiceRealm { get; set; } = Realm;

    public long? Version { get; set; } = 2;

    public string[] Client { get; set; } = ["alice"];

    public string ClientRealm { get; set; } = Realm;

    /// <summary>Who the authenticator says that it is.</summary>
    public string[]? ProofOf { get; set; }

    public DateTimeOffset Starts { get; set; } = Now.AddHours(-1);

    public DateTimeOffset Ends { get; set; } = Now.AddHours(9);

    public DateTimeOffset ClientTime { get; set; } = Now;

    public uint Flags { get; set; }

    public GssFlags Asks { get; set; } = GssFlags.Mutual;

    /// <summary>0: the client sends none.</summary>
    public int ChecksumType { get; set; } = AuthenticatorChecksum.Type;

    public byte[]? Pac { get; set; }

    /// <summary>The first token of GSS.</summary>
    public byte[] Token() => GssFrame.Write(GssFrame.ApRequestId, ApRequest());

    public byte[] ApRequest() => Write(14, writer =>
    {
        Field(writer, 0, () => writer.WriteInteger(5));
        Field(writer, 1, () => writer.WriteInteger(14));
        Field(writer, 2, () => writer.WriteBitString([0x20, 0, 0, 0]));
        Field(writer, 3, () => writer.WriteEncodedValue(Ticket()));
        Field(writer, 4, () => Encrypted(writer, SessionKey.Profile.Type, null, SessionKey.Encrypt(KeyUsage.Authenticator, Proof())));
    });

    /// <summary>What the client finds in the server's AP-REP: the key that the server has chosen, and the number of its first message.</summary>
    public static (KerberosKey? Key, uint Sequence) ReadReply(KerberosKey sessionKey, ReadOnlyMemory<byte> message)
    {
        var reply = KerberosAsn.ReadApplication(message, 15);
        reply.ReadField(0);
        reply.ReadField(1);
        var cipher = EncryptedData.Read(reply.ReadField(2)).Cipher;
        var part = KerberosAsn.ReadApplication(sessionKey.Decrypt(KeyUsage.ApReply, cipher.Span) ?? [], 27);
        part.ReadField(0);
        part.ReadField(1);
        var key = part.ReadOptional(2) is { } field ? EncryptionKeyValue.Read(field) : null;
        return (key, part.ReadField(3).ReadUInt32Loosely());
    }

    /// <summary>What the KDC says for the eyes of the service: EncTicketPart.</summary>
    public byte[] TicketPart() => Write(3, writer =>
    {
        var flags = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(flags, Flags);
        Field(writer, 0, () => writer.WriteBitString(flags));
        Field(writer, 1, () => Key(writer, SessionKey));
        Field(writer, 2, () => Text(writer, ClientRealm));
        Field(writer, 3, () => Principal(writer, Client));
        Field(writer, 4, () => Entry(writer, 1, []));
        Field(writer, 5, () => writer.WriteGeneralizedTime(Starts, omitFractionalSeconds: true));
        Field(writer, 7, () => writer.WriteGeneralizedTime(Ends, omitFractionalSeconds: true));
        if (Pac is not null)
        {
            var inner = new AsnWriter(AsnEncodingRules.DER);
            using (inner.PushSequence())
            {
                Entry(inner, 128, Pac);
            }

            Field(writer, 10, () =>
            {
                using (writer.PushSequence())
                {
                    Entry(writer, 1, inner.Encode());
                }
            });
        }
    });

    /// <summary>The authenticator.</summary>
    public byte[] Proof() => Write(2, writer =>
    {
        var checksum = new byte[24];
        checksum[0] = 16;
        BinaryPrimitives.WriteUInt32LittleEndian(checksum.AsSpan(20), (uint)Asks);
        Field(writer, 0, () => writer.WriteInteger(5));
        Field(writer, 1, () => Text(writer, ClientRealm));
        Field(writer, 2, () => Principal(writer, ProofOf ?? Client));
        if (ChecksumType != 0)
        {
            Field(writer, 3, () => Entry(writer, ChecksumType, checksum));
        }

        Field(writer, 4, () => writer.WriteInteger(7));
        Field(writer, 5, () => writer.WriteGeneralizedTime(ClientTime, omitFractionalSeconds: true));
        if (SubKey is not null)
        {
            Field(writer, 6, () => Key(writer, SubKey));
        }

        Field(writer, 7, () => writer.WriteInteger(FirstSequence));
    });

    /// <summary>A PAC (MS-PAC 2.3) of alice, 1103, with groups of the domain, and others by their SIDs.</summary>
    public byte[] MakePac(uint[] groups, Sid[]? others = null, string user = "alice", uint rid = 1103, Sid? requestor = null)
    {
        var profile = PacKey.Profile;
        var signature = new byte[sizeof(int) + profile.ChecksumSize];
        BinaryPrimitives.WriteInt32LittleEndian(signature, profile.ChecksumType);
        var requested = new byte[(requestor ?? Domain.WithRid(rid)).BinaryLength];
        (requestor ?? Domain.WithRid(rid)).WriteTo(requested);
        byte[] name = Encoding.Unicode.GetBytes(string.Join('/', Client));
        byte[] client = [.. BitConverter.GetBytes(Starts.ToFileTime()), .. BitConverter.GetBytes((ushort)name.Length), .. name];
        (uint Type, byte[] Data)[] parts = [(1, Logon(user, rid, groups, others ?? [])), (10, client), (18, requested), (6, signature), (7, signature)];
        var pac = new List<byte>();
        pac.AddRange(BitConverter.GetBytes(parts.Length));
        pac.AddRange(BitConverter.GetBytes(0));
        var at = 8 + (16 * parts.Length);
        var places = new List<int>();
        foreach (var (type, data) in parts)
        {
            pac.AddRange(BitConverter.GetBytes(type));
            pac.AddRange(BitConverter.GetBytes(data.Length));
            pac.AddRange(BitConverter.GetBytes((ulong)at));
            places.Add(at);
            at += (data.Length + 7) & ~7;
        }

        foreach (var (_, data) in parts)
        {
            pac.AddRange(data);
            pac.AddRange(new byte[((data.Length + 7) & ~7) - data.Length]);
        }

        var bytes = pac.ToArray();
        var checksum = new byte[profile.ChecksumSize];
        PacKey.Sign(KeyUsage.Pac, bytes, checksum);
        checksum.CopyTo(bytes, places[3] + sizeof(int));
        bytes.AsSpan(places[4] + sizeof(int), profile.ChecksumSize).Fill(0x5A); // the KDC's, which nobody else can check
        return bytes;
    }

    private static byte[] Logon(string user, uint rid, uint[] groups, Sid[] others)
    {
        const uint GroupAttributes = 7;

        var fixedPart = new List<byte>();
        var pointees = new List<byte>();
        void Number(uint value) => fixedPart.AddRange(BitConverter.GetBytes(value));
        void Short(ushort value) => fixedPart.AddRange(BitConverter.GetBytes(value));
        void Align(List<byte> list) => list.AddRange(new byte[(4 - (list.Count & 3)) & 3]);
        void Text(string text)
        {
            Short((ushort)(text.Length * 2));
            Short((ushort)(text.Length * 2));
            Number(text.Length == 0 ? 0u : 0x20004);
            if (text.Length > 0)
            {
                Align(pointees);
                pointees.AddRange(BitConverter.GetBytes(text.Length));
                pointees.AddRange(BitConverter.GetBytes(0));
                pointees.AddRange(BitConverter.GetBytes(text.Length));
                pointees.AddRange(Encoding.Unicode.GetBytes(text));
            }
        }

        void PutSid(Sid sid)
        {
            Align(pointees);
            pointees.AddRange(BitConverter.GetBytes(sid.SubAuthorities.Length));
            var bytes = new byte[sid.BinaryLength];
            sid.WriteTo(bytes);
            pointees.AddRange(bytes);
        }

        Number(0x20000);
        fixedPart.AddRange(new byte[6 * 8]);
        Text(user);
        Text("Alice Example");
        Text("");
        Text("");
        Text("");
        Text("");
        Short(1);
        Short(0);
        Number(rid);
        Number(513);
        Number((uint)groups.Length);
        Number(0x20008);
        Align(pointees);
        pointees.AddRange(BitConverter.GetBytes(groups.Length));
        foreach (var group in groups)
        {
            pointees.AddRange(BitConverter.GetBytes(group));
            pointees.AddRange(BitConverter.GetBytes(GroupAttributes));
        }

        Number(0x20); // extra SIDs
        fixedPart.AddRange(new byte[16]);
        Text("DC1");
        Text("TESTDOM");
        Number(0x2000C);
        PutSid(Domain);
        fixedPart.AddRange(new byte[8 + 4 + 4 + 8 + 8 + 4 + 4]);
        Number((uint)others.Length);
        Number(others.Length == 0 ? 0u : 0x20010);
        if (others.Length > 0)
        {
            Align(pointees);
            pointees.AddRange(BitConverter.GetBytes(others.Length));
            foreach (var _ in others)
            {
                pointees.AddRange(BitConverter.GetBytes(0x20014));
                pointees.AddRange(BitConverter.GetBytes(GroupAttributes));
            }

            foreach (var other in others)
            {
                PutSid(other);
            }
        }

        Number(0);
        Number(0);
        Number(0);
        byte[] body = [.. fixedPart, .. pointees];
        return [1, 0x10, 8, 0, 0xCC, 0xCC, 0xCC, 0xCC, .. BitConverter.GetBytes(body.Length), 0, 0, 0, 0, .. body];
    }

    private static byte[] Write(int application, Action<AsnWriter> content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence(KerberosAsn.Application(application)))
        using (writer.PushSequence())
        {
            content(writer);
        }

        return writer.Encode();
    }

    private static void Field(AsnWriter writer, int number, Action content)
    {
        using (writer.PushSequence(KerberosAsn.Context(number)))
        {
            content();
        }
    }

    private static void Text(AsnWriter writer, string text) =>
        writer.WriteEncodedValue([0x1B, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);

    private static void Principal(AsnWriter writer, string[] parts)
    {
        using (writer.PushSequence())
        {
            Field(writer, 0, () => writer.WriteInteger(1));
            Field(writer, 1, () =>
            {
                using (writer.PushSequence())
                {
                    foreach (var part in parts)
                    {
                        Text(writer, part);
                    }
                }
            });
        }
    }

    private static void Encrypted(AsnWriter writer, EncryptionType type, long? version, byte[] cipher)
    {
        using (writer.PushSequence())
        {
            Field(writer, 0, () => writer.WriteInteger((int)type));
            if (version is { } number)
            {
                Field(writer, 1, () => writer.WriteInteger(number));
            }

            Field(writer, 2, () => writer.WriteOctetString(cipher));
        }
    }

    private static void Key(AsnWriter writer, KerberosKey key)
    {
        using (writer.PushSequence())
        {
            Field(writer, 0, () => writer.WriteInteger((int)key.Profile.Type));
            Field(writer, 1, () => writer.WriteOctetString(key.Value));
        }
    }

    private static void Entry(AsnWriter writer, int type, byte[] data)
    {
        using (writer.PushSequence())
        {
            Field(writer, 0, () => writer.WriteInteger(type));
            Field(writer, 1, () => writer.WriteOctetString(data));
        }
    }

    private byte[] Ticket() => Write(1, writer =>
    {
        Field(writer, 0, () => writer.WriteInteger(5));
        Field(writer, 1, () => Text(writer, ServiceRealm));
        Field(writer, 2, () => Principal(writer, Service));
        Field(writer, 3, () => Encrypted(writer, ServiceKey.Profile.Type, Version, ServiceKey.Encrypt(KeyUsage.Ticket, TicketPart())));
    });
}
