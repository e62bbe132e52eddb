using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>Valid structures that go into several requests.</summary>
internal static class Samples
{
    private static readonly Sid[] Sids =
        [new Sid(1, 0), new Sid(5, 21, 1, 2, 3, 1000), new Sid(5, 32, 544), new Sid(5, 11), new Sid(3, 0), new Sid(3, 1)];

    public static Sid Sid(Chance chance) => chance.Of<Sid>(Sids);

    public static byte[] Descriptor(Chance chance)
    {
        var entries = new List<Ace>();
        for (var count = chance.Next(4); count > 0; count--)
        {
            var flags = (AceFlags)(chance.OneIn(3) ? chance.Next(32) : 0);
            entries.Add(chance.OneIn(25)
                ? Ace.Deny(Sid(chance), FileAccessMask.WriteData, flags)
                : Ace.Allow(Sid(chance), FileAccessMask.FileAllAccess, flags));
        }

        entries.Add(Ace.Allow(new Sid(1, 0), FileAccessMask.FileAllAccess));
        return new SecurityDescriptor
        {
            Owner = chance.OneIn(3) ? null : Sid(chance),
            Group = chance.OneIn(3) ? null : Sid(chance),
            HasDacl = true,
            Dacl = chance.OneIn(6) ? null : new Acl(entries),
        }.ToArray();
    }

    public static byte[] ExtendedAttributes(Chance chance) => chance.OneIn(3)
        ? SetBuffer.FullEa(("user.one"u8.ToArray(), chance.Bytes(chance.Next(40))), ("TWO"u8.ToArray(), []))
        : SetBuffer.FullEa(("user.one"u8.ToArray(), chance.Bytes(chance.Next(40))));

    public static byte[] WantedAttributes(Chance chance)
    {
        // FILE_GET_EA_INFORMATION (MS-FSCC 2.4.16.1)
        var list = new byte[chance.OneIn(2) ? 14 : 30];
        var span = list.AsSpan();
        span[4] = 8;
        "user.one"u8.CopyTo(span[5..]);
        if (list.Length > 14)
        {
            span.Put(0, 16u);
            span[20] = 3;
            "TWO"u8.CopyTo(span[21..]);
        }

        return list;
    }

    public static byte[] Symlink(Chance chance)
    {
        var target = chance.Of("a", @"dir\b.txt", @"..\..\..\etc", @"\??\C:\x");
        var names = target.Length * sizeof(char);
        var buffer = new byte[20 + (2 * names)];
        var span = buffer.AsSpan();
        span.Put(0, 0xA000000Cu);
        span.Put(4, (ushort)(12 + (2 * names)));
        span.Put(10, (ushort)names);
        span.Put(12, (ushort)names);
        span.Put(14, (ushort)names);
        span.Put(16, 1u);
        span.PutUtf16(20, target);
        span.PutUtf16(20 + names, target);
        return buffer;
    }

    /// <summary>FILE_QUOTA_INFORMATION (MS-FSCC 2.4.36).</summary>
    public static byte[] Quota(Chance chance)
    {
        var sid = Sid(chance);
        var buffer = new byte[40 + sid.BinaryLength];
        var span = buffer.AsSpan();
        span.Put(4, (uint)sid.BinaryLength);
        span.Put(24, (long)chance.Next(1 << 20));
        span.Put(32, chance.OneIn(4) ? -2L : 1 << 24);
        sid.WriteTo(span[40..]);
        return buffer;
    }

    /// <summary>SMB2_QUERY_QUOTA_INFO (MS-SMB2 2.2.37.1).</summary>
    public static byte[] QuotaQuestion(Chance chance)
    {
        if (chance.OneIn(2))
        {
            return [(byte)chance.Next(2), (byte)chance.Next(2), .. new byte[14]];
        }

        var sid = Sid(chance);
        var question = new byte[16 + 8 + sid.BinaryLength];
        var span = question.AsSpan();
        span.Put(4, (uint)(8 + sid.BinaryLength));
        span.Put(20, (uint)sid.BinaryLength);
        sid.WriteTo(span[24..]);
        return question;
    }
}
