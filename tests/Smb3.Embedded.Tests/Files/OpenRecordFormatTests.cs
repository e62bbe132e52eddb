using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A record that was written is read as it was; one that was damaged is not read at all, and never throws.</summary>
public sealed class OpenRecordFormatTests
{
    /// <summary>A record of version 1: every later program reads it.</summary>
    private const string FirstVersion =
        "01C0FD09052A2C646F63735C706C616E735C6275646765742E786C737826646F63735C706C616E735C6F6C642E786C737802739F83480702FF837C64"
        + "636261666568676A6B6C6D6E6F70720704050515010203E8078081040401050B07800207020520A10407050515010203800407111111112222333344"
        + "44555555555555000000000000000000000000000000000703010001000A0104766D03E0D40399999999222233334444555555555555888888882222"
        + "3333444455555555555501020A616C6963650C4F464649434580E8078081DCB5B9B592EF08028981484075333833";

    [Fact]
    public void A_record_of_version_1_is_read()
    {
        var read = OpenRecordFormat.Read(Convert.FromHexString(FirstVersion));
        Assert.NotNull(read);
        AssertSame(Sample(), read);
    }

    [Fact]
    public void What_was_written_is_read() => Prop.ForAll(Record.ToArbitrary(), static record =>
    {
        var read = OpenRecordFormat.Read(OpenRecordFormat.Write(record));
        Assert.NotNull(read);
        AssertSame(record, read);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void A_record_with_one_byte_changed_or_cut_off_is_lost()
    {
        var bytes = OpenRecordFormat.Write(Sample());
        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.Null(OpenRecordFormat.Read(bytes.AsSpan(0, i)));
            for (var bit = 0; bit < 8; bit++)
            {
                bytes[i] ^= (byte)(1 << bit);
                Assert.Null(OpenRecordFormat.Read(bytes));
                bytes[i] ^= (byte)(1 << bit);
            }
        }

        Assert.NotNull(OpenRecordFormat.Read(bytes));
        Assert.Null(OpenRecordFormat.Read([]));
    }

    [Fact]
    public void Damage_under_a_right_checksum_never_throws()
    {
        var wholes = new[] { OpenRecordFormat.Write(Sample()), OpenRecordFormat.Write(Sample() with { Plan = Plan, MovingToStream = "t" }) };
        var random = new Random(7);
        for (var round = 0; round < 50_000; round++)
        {
            var whole = wholes[round & 1];
            var bytes = whole[..random.Next(sizeof(uint), whole.Length + 1)];
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            bytes[0] = OpenRecordFormat.Version;
            Seal(bytes);
            if (OpenRecordFormat.Read(bytes) is { } read)
            {
                Assert.NotNull(OpenRecordFormat.Read(OpenRecordFormat.Write(read)));
            }
        }
    }

    [Theory]
    [InlineData("..\\f")]
    [InlineData("a\\..")]
    [InlineData("a\\\\b")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void A_path_that_no_client_could_have_named_is_not_read(string path)
    {
        Assert.Null(OpenRecordFormat.Read(OpenRecordFormat.Write(Sample() with { Path = new StorePath(path) })));
        Assert.Null(OpenRecordFormat.Read(OpenRecordFormat.Write(Sample() with { MovingTo = new StorePath(path) })));
    }

    [Fact]
    public void A_record_of_a_later_version_is_lost()
    {
        var bytes = OpenRecordFormat.Write(Sample());
        bytes[0] = OpenRecordFormat.Version + 1;
        Seal(bytes);
        Assert.Null(OpenRecordFormat.Read(bytes));
    }

    [Fact]
    public void A_record_without_anything_new_is_one_of_version_1()
    {
        Assert.Equal(FirstVersion, Convert.ToHexString(OpenRecordFormat.Write(Sample())));
        Assert.Equal(2, OpenRecordFormat.Write(Sample() with { Plan = Plan })[0]);
        Assert.Equal(2, OpenRecordFormat.Write(Sample() with { MovingToStream = "t" })[0]);
    }

    [Fact]
    public void What_a_create_plans_is_read()
    {
        foreach (var plan in new[] { Plan, new CreatePlan { Overwrites = true }, new CreatePlan() })
        {
            var record = Sample() with { FileId = plan.Overwrites ? 7UL : 0, Plan = plan, MovingToStream = "t" };
            var bytes = OpenRecordFormat.Write(record);
            var read = OpenRecordFormat.Read(bytes);
            Assert.NotNull(read);
            AssertSame(record with { Plan = null }, read with { Plan = null });
            Assert.Equal(plan.SecurityDescriptor.ToArray(), read.Plan!.SecurityDescriptor.ToArray());
            Assert.Equal(
                plan.ExtendedAttributes.Select(static one => (one.Name, Convert.ToHexString(one.Value.Span))),
                read.Plan.ExtendedAttributes.Select(static one => (one.Name, Convert.ToHexString(one.Value.Span))));
            Assert.Equal(
                plan, read.Plan with { SecurityDescriptor = plan.SecurityDescriptor, ExtendedAttributes = plan.ExtendedAttributes });
            for (var i = 0; i < bytes.Length; i++)
            {
                Assert.Null(OpenRecordFormat.Read(bytes.AsSpan(0, i)));
            }
        }

        // Only what is yet to be made has no id; and a record of version 1 plans nothing.
        Assert.Null(OpenRecordFormat.Read(OpenRecordFormat.Write(Sample() with { FileId = 0 })));
        Assert.Null(OpenRecordFormat.Read(OpenRecordFormat.Write(Sample() with { FileId = 0, Plan = new CreatePlan { Overwrites = true } })));
        var old = OpenRecordFormat.Write(Sample() with { Plan = Plan });
        old[0] = 1;
        Seal(old);
        Assert.Null(OpenRecordFormat.Read(old));
        Assert.Null(OpenRecordFormat.Read(OpenRecordFormat.Write(Sample() with { MovingToStream = "a\\b" })));
    }

    private static CreatePlan Plan => new()
    {
        MakesFile = true,
        Attributes = FileAttributes.Archive | FileAttributes.Hidden,
        AllocationSize = 1 << 20,
        UnixMode = UnixFileMode.UserRead,
        SecurityDescriptor = new byte[] { 1, 2, 3 },
        ExtendedAttributes = [new ExtendedAttribute("EA", new byte[] { 7 }), new ExtendedAttribute("B", new byte[300])],
        MayLeaseDirectories = true,
    };

    [Fact]
    public void A_usual_record_is_small()
    {
        var length = OpenRecordFormat.Write(Sample()).Length;
        Assert.True(length < 300, $"{length} bytes");
    }

    private static void Seal(byte[] bytes) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^sizeof(uint)), RecordWriter.ChecksumOf(bytes.AsSpan(..^sizeof(uint))));

    private static Gen<string> Name => Gen.Elements("f", "Größe.txt", "\ud83d\ude00", "lone\ud800", "a b", new string('x', 255));

    private static Gen<Sid> SomeSid => Gen.Elements(
        Sid.Parse("S-1-5-21-1-2-3-1000"), Sid.Parse("S-1-5-21-1-2-3-513"), Sid.Parse("S-1-5-21-4294967295-2-3-513"), WellKnownSids.Network,
        WellKnownSids.Everyone, new Sid(5), Sid.Parse("S-1-5-32-544"));

    private static Gen<ulong> Number => Gen.Elements(1UL, 127UL, 128UL, 1UL << 42, ulong.MaxValue);

    private static Gen<Guid> Id => Gen.Fresh(Guid.NewGuid);

    private static Gen<bool> Bool => Gen.Elements(false, true);

    private static Gen<OpenRecord> Record =>
        from fileId in Number
        from names in Name.NonEmptyListOf()
        from moves in Bool
        from stream in Gen.OneOf(Gen.Constant<string?>(null), Name.Select(static name => (string?)name))
        from flags in Gen.ArrayOf(Bool, 8)
        from access in Gen.Choose(int.MinValue, int.MaxValue)
        from groups in SomeSid.ListOf()
        from sids in Gen.ArrayOf(SomeSid, 3)
        from ids in Gen.ArrayOf(Id, 6)
        from leaseKind in Gen.Choose(0, 3)
        from caching in Gen.Choose(0, 7)
        from breaking in Gen.Choose(-1, 7)
        from epoch in Gen.Choose(0, ushort.MaxValue)
        from locks in Gen.Choose(0, 1000).Select(static at => new LockRequest(new ByteRange(ulong.MaxValue - (ulong)at, 1), at % 2 == 0)).ListOf()
        from kind in Gen.Elements(DurableKind.Durable, DurableKind.Resilient, DurableKind.Persistent)
        from timeout in Gen.Choose(0, int.MaxValue)
        from versions in Gen.ArrayOf(Number, 2)
        select new OpenRecord
        {
            FileId = fileId,
            Path = new StorePath(string.Join('\\', names)),
            MovingTo = moves ? new StorePath(names[0]) : null,
            Stream = stream,
            IsDirectory = flags[0],
            IsPosix = flags[1],
            HidesUnreadable = flags[2],
            DeleteOnClose = flags[3],
            DeletePending = flags[4],
            DeletesAtOnce = flags[5],
            GrantedAccess = (FileAccessMask)(uint)access,
            ShareAccess = (ShareAccess)(access & 7),
            Options = (CreateOptions)(uint)~access,
            ShareMaximalAccess = (FileAccessMask)(uint)(access / 3),
            ClientGuid = ids[0],
            Position = access & long.MaxValue,
            Pinned = (PinnedTimes)(caching * 2),
            Caller = new FileCaller(new AuthorizationContext(
                sids[0], sids[1], [.. groups.Select(static (sid, i) => new TokenGroup(sid, (GroupAttributes)i))])),
            Lease = leaseKind == 0 ? null : new LeaseIdentity(ids[1], ids[2], leaseKind == 2 ? ids[3] : null, leaseKind == 1 ? 1 : 2),
            Caching = (CacheState)caching,
            LeaseEpoch = (ushort)epoch,
            BreakingTo = breaking < 0 ? null : (CacheState)breaking,
            BreakingFor = breaking < 0 ? CacheState.None : (CacheState)(breaking & 1),
            Locks = [.. locks],
            LockSequences = flags[6] ? [.. Enumerable.Range(0, LockSequences.Count).Select(static i => (byte)(i % 16))] : [],
            Durable = new DurableFacts
            {
                PersistentId = versions[0],
                Share = names[0],
                Kind = kind,
                Timeout = TimeSpan.FromMilliseconds(timeout),
                CreateGuid = flags[7] ? ids[4] : null,
                Application = leaseKind == 0 ? null : new AppInstance(ids[5], flags[6] ? versions[0] : null, flags[6] ? versions[1] : null),
                Owner = names[^1],
                OwnerDomain = stream ?? string.Empty,
                OwnerSid = flags[2] ? sids[2] : null,
                IsOwnerSidFromName = flags[3],
                OpenedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero).AddTicks(access),
                Action = (CreateAction)(caching & 3),
                DesiredAccess = (FileAccessMask)(uint)access,
                CreateOptions = (CreateOptions)(uint)access,
            },
        };

    internal static OpenRecord Sample() => new()
    {
        FileId = 42,
        Path = new StorePath(@"docs\plans\budget.xlsx"),
        MovingTo = new StorePath(@"docs\plans\old.xlsx"),
        Stream = "s",
        IsDirectory = false,
        GrantedAccess = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite,
        ShareAccess = ShareAccess.All,
        Options = CreateOptions.WriteThrough,
        ShareMaximalAccess = FileAccessMask.FileAllAccess,
        ClientGuid = new Guid("61626364-6566-6768-6a6b-6c6d6e6f7072"),
        Position = 7,
        Pinned = PinnedTimes.LastWrite,
        Caller = new FileCaller(AuthorizationContext.ForAccount(
            Sid.Parse("S-1-5-21-1-2-3-1000"), Sid.Parse("S-1-5-21-1-2-3-513"), TokenGroup.Enabled(Sid.Parse("S-1-5-21-1-2-3-512")))),
        Lease = new LeaseIdentity(Guid.Empty, new Guid("11111111-2222-3333-4444-555555555555"), null, 2),
        Caching = CacheState.Read | CacheState.Write | CacheState.Handle,
        LeaseEpoch = 3,
        BreakingTo = CacheState.Read,
        BreakingFor = CacheState.None,
        Locks = [new LockRequest(new ByteRange(0, 10), true)],
        LockSequences = [],
        Durable = new DurableFacts
        {
            PersistentId = 5,
            Share = "vm",
            Kind = DurableKind.Persistent,
            Timeout = TimeSpan.FromMinutes(1),
            CreateGuid = new Guid("99999999-2222-3333-4444-555555555555"),
            Application = new AppInstance(new Guid("88888888-2222-3333-4444-555555555555"), 1, 2),
            Owner = "alice",
            OwnerDomain = "OFFICE",
            OwnerSid = Sid.Parse("S-1-5-21-1-2-3-1000"),
            OpenedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Action = CreateAction.Created,
            DesiredAccess = FileAccessMask.FileGenericRead,
            CreateOptions = CreateOptions.NonDirectoryFile,
        },
    };

    /// <summary>Records compare their lists by reference.</summary>
    private static void AssertSame(OpenRecord expected, OpenRecord actual)
    {
        var (wrote, read) = (expected.Caller.Authorization, actual.Caller.Authorization);
        Assert.Equal((wrote.User, wrote.PrimaryGroup), (read.User, read.PrimaryGroup));
        Assert.Equal(wrote.Groups.ToArray(), read.Groups.ToArray());
        Assert.Equal(expected.Locks, actual.Locks);
        Assert.Equal(expected.LockSequences, actual.LockSequences);
        Assert.Equal(
            expected, actual with { Caller = expected.Caller, Locks = expected.Locks, LockSequences = expected.LockSequences });
    }
}
