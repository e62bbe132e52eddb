using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// An <see cref="OpenRecord"/> as bytes. A later version only ever adds values at the end: it reads the records of all earlier ones, and
/// gives what they do not have its default. A version reads no record of a later one.
/// </summary>
/// <remarks>
/// The first byte is the version, the last four are the CRC-32C of all before them. Between them, as <see cref="RecordWriter"/> writes them
/// (bits that are set in no flags below are zero):
/// <code>
/// number  flags: 1 directory, 2 POSIX client, 4 hides unreadable, 8 delete on close, 0x10 delete pending, 0x20 deletes at once,
///         0x40 stream, 0x80 lease, 0x100 parent lease key, 0x200 lease of version 2, 0x400 breaking,
///         0x800 create guid, 0x1000 application, 0x2000 version of the application, 0x4000 SID of the owner,
///         0x8000 that SID is derived from the name, 0x10000 lock sequences, 0x20000 being renamed;
///         from version 2 on: 0x40000 planned, 0x80000 stream being renamed
/// number  persistent id          number  file id
/// text    path                   [text   path it may have by now]   [text   stream]
/// number  access, share access, create options, most access of the share
/// id      client guid            number  position          byte  pinned times
/// SID     user                   SID     primary group     number  count of groups, and for each: SID, number attributes
/// [id     lease key]             [id     parent lease key]
/// byte    caching                number  lease epoch       [byte  caching it breaks to] [byte  caching it ends at]
/// number  count of locks, and for each: number offset, number length, byte 1 for exclusive
/// [64 bytes  lock sequences]
/// text    share                  byte    kind              number  timeout in ms
/// [id     create guid]           [id     application]      [number  high, number low of its version]
/// text    owner                  text    domain of owner   [SID    owner]
/// number  UTC ticks of the open  byte    what CREATE did
/// number  access that CREATE asked for, its create options
/// version 2:
/// [number  1 makes the file, 2 overwrites, 4 can cache listings, 8 permission bits
///          number  attributes, bytes to set aside   [number  permission bits]   number  length, and the security descriptor
///          number  count of extended attributes, and for each: text name, number length, value]
/// [text   name that the stream may have by now]
/// </code>
/// A record without anything of version 2 is written as version 1, which an earlier program reads.
/// </remarks>
internal static class OpenRecordFormat
{
    /// <summary>The latest version that is written.</summary>
    public const byte Version = 2;

    private const byte FirstVersion = 1;

    private const int UsualLength = 384;

    [Flags]
    private enum Has : uint
    {
        None = 0,
        Directory = 1,
        Posix = 2,
        HidesUnreadable = 4,
        DeleteOnClose = 8,
        DeletePending = 0x10,
        DeletesAtOnce = 0x20,
        Stream = 0x40,
        Lease = 0x80,
        ParentKey = 0x100,
        LeaseV2 = 0x200,
        Breaking = 0x400,
        CreateGuid = 0x800,
        Application = 0x1000,
        ApplicationVersion = 0x2000,
        OwnerSid = 0x4000,
        OwnerSidFromName = 0x8000,
        LockSequences = 0x10000,
        Moving = 0x20000,
        AllOfFirstVersion = 0x3FFFF,
        Planned = 0x40000,
        MovingStream = 0x80000,
        All = 0xFFFFF,
    }

    /// <summary>The record as bytes.</summary>
    public static byte[] Write(OpenRecord record)
    {
        var writer = new RecordWriter(UsualLength);
        var has = HasOf(record);
        var facts = record.Durable;
        writer.Byte((has & ~Has.AllOfFirstVersion) == 0 ? FirstVersion : Version);
        writer.Number((uint)has);
        writer.Number(facts.PersistentId);
        writer.Number(record.FileId);
        writer.Text(record.Path.Text);
        if (record.MovingTo is { } moving)
        {
            writer.Text(moving.Text);
        }

        if (record.Stream is { } stream)
        {
            writer.Text(stream);
        }

        writer.Number((uint)record.GrantedAccess);
        writer.Number((uint)record.ShareAccess);
        writer.Number((uint)record.Options);
        writer.Number((uint)record.ShareMaximalAccess);
        writer.Id(record.ClientGuid);
        writer.Number((ulong)record.Position);
        writer.Byte((byte)record.Pinned);
        Write(ref writer, record.Caller.Authorization);
        WriteCaching(ref writer, record);
        writer.Number((uint)record.Locks.Count);
        foreach (var held in record.Locks)
        {
            writer.Number(held.Range.Offset);
            writer.Number(held.Range.Length);
            writer.Byte(held.Exclusive ? (byte)1 : (byte)0);
        }

        if (has.HasFlag(Has.LockSequences))
        {
            foreach (var number in record.LockSequences)
            {
                writer.Byte(number);
            }
        }

        Write(ref writer, facts);
        if (record.Plan is { } plan)
        {
            CreatePlanFormat.Write(ref writer, plan);
        }

        if (record.MovingToStream is { } movingStream)
        {
            writer.Text(movingStream);
        }

        return writer.ToArray();
    }

    /// <summary>Reads a record; <see langword="null"/> if it is damaged, or of a later version.</summary>
    public static OpenRecord? Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new RecordReader(bytes);
        var version = reader.IsSound ? reader.Byte() : (byte)0;
        if (version is not (FirstVersion or Version))
        {
            return null;
        }

        var has = (Has)reader.Number((uint)(version == FirstVersion ? Has.AllOfFirstVersion : Has.All));
        var id = reader.Number();
        var record = new OpenRecord
        {
            FileId = reader.Number(),
            Path = new StorePath(reader.Text()),
            MovingTo = has.HasFlag(Has.Moving) ? new StorePath(reader.Text()) : null,
            Stream = has.HasFlag(Has.Stream) ? reader.Text() : null,
            IsDirectory = has.HasFlag(Has.Directory),
            GrantedAccess = (FileAccessMask)reader.Number(uint.MaxValue),
            ShareAccess = (ShareAccess)reader.Number(uint.MaxValue),
            Options = (CreateOptions)reader.Number(uint.MaxValue),
            ShareMaximalAccess = (FileAccessMask)reader.Number(uint.MaxValue),
            ClientGuid = reader.Id(),
            IsPosix = has.HasFlag(Has.Posix),
            HidesUnreadable = has.HasFlag(Has.HidesUnreadable),
            DeleteOnClose = has.HasFlag(Has.DeleteOnClose),
            DeletePending = has.HasFlag(Has.DeletePending),
            DeletesAtOnce = has.HasFlag(Has.DeletesAtOnce),
            Position = (long)reader.Number(long.MaxValue),
            Pinned = (PinnedTimes)reader.Byte(),
            Caller = new FileCaller(ReadAuthorization(ref reader)),
            Durable = null!,
        };
        record = ReadCaching(ref reader, record, has);
        record = record with
        {
            Locks = ReadLocks(ref reader),
            LockSequences = has.HasFlag(Has.LockSequences) ? reader.Bytes(LockSequences.Count).ToArray() : [],
            Durable = ReadFacts(ref reader, id, has),
            Plan = has.HasFlag(Has.Planned) ? CreatePlanFormat.Read(ref reader) : null,
            MovingToStream = has.HasFlag(Has.MovingStream) ? reader.Text() : null,
        };
        return reader.IsSound && reader.Left == 0 && IsPlausible(record) ? record : null;
    }

    private static Has HasOf(OpenRecord record)
    {
        var facts = record.Durable;
        return If(record.IsDirectory, Has.Directory)
            | If(record.IsPosix, Has.Posix)
            | If(record.HidesUnreadable, Has.HidesUnreadable)
            | If(record.DeleteOnClose, Has.DeleteOnClose)
            | If(record.DeletePending, Has.DeletePending)
            | If(record.DeletesAtOnce, Has.DeletesAtOnce)
            | If(record.Stream is not null, Has.Stream)
            | If(record.Lease is not null, Has.Lease)
            | If(record.Lease?.ParentKey is not null, Has.ParentKey)
            | If(record.Lease?.Version == 2, Has.LeaseV2)
            | If(record.BreakingTo is not null, Has.Breaking)
            | If(facts.CreateGuid is not null, Has.CreateGuid)
            | If(facts.Application is not null, Has.Application)
            | If(facts.Application is { High: not null, Low: not null }, Has.ApplicationVersion)
            | If(record.MovingTo is not null, Has.Moving)
            | If(record.Plan is not null, Has.Planned)
            | If(record.MovingToStream is not null, Has.MovingStream)
            | If(facts.OwnerSid is not null, Has.OwnerSid)
            | If(facts.IsOwnerSidFromName, Has.OwnerSidFromName)
            | If(record.LockSequences.Any(static number => number != LockSequences.Empty), Has.LockSequences);

        static Has If(bool condition, Has has) => condition ? has : Has.None;
    }

    private static void Write(ref RecordWriter writer, AuthorizationContext authorization)
    {
        writer.Sid(authorization.User);
        writer.Sid(authorization.PrimaryGroup);
        writer.Number((uint)authorization.Groups.Length);
        foreach (var group in authorization.Groups)
        {
            writer.Sid(group.Sid);
            writer.Number((uint)group.Attributes);
        }
    }

    private static AuthorizationContext ReadAuthorization(ref RecordReader reader)
    {
        var user = reader.Sid();
        var primary = reader.Sid();
        var groups = new TokenGroup[reader.Count(3)];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = new TokenGroup(reader.Sid(), (GroupAttributes)reader.Number(uint.MaxValue));
        }

        return new AuthorizationContext(user, primary, [.. groups]);
    }

    private static void WriteCaching(ref RecordWriter writer, OpenRecord record)
    {
        if (record.Lease is { } lease)
        {
            writer.Id(lease.Key);
            if (lease.ParentKey is { } parent)
            {
                writer.Id(parent);
            }

            writer.Id(lease.ClientGuid);
        }

        writer.Byte((byte)record.Caching);
        writer.Number(record.LeaseEpoch);
        if (record.BreakingTo is { } to)
        {
            writer.Byte((byte)to);
            writer.Byte((byte)record.BreakingFor);
        }
    }

    private static OpenRecord ReadCaching(ref RecordReader reader, OpenRecord record, Has has)
    {
        LeaseIdentity? lease = null;
        if (has.HasFlag(Has.Lease))
        {
            var key = reader.Id();
            Guid? parent = has.HasFlag(Has.ParentKey) ? reader.Id() : null;
            lease = new LeaseIdentity(reader.Id(), key, parent, has.HasFlag(Has.LeaseV2) ? 2 : 1);
        }

        var caching = Caching(ref reader);
        var epoch = (ushort)reader.Number(ushort.MaxValue);
        CacheState? to = has.HasFlag(Has.Breaking) ? Caching(ref reader) : null;
        return record with
        {
            Lease = lease,
            Caching = caching,
            LeaseEpoch = epoch,
            BreakingTo = to,
            BreakingFor = to is null ? CacheState.None : Caching(ref reader),
        };

        static CacheState Caching(ref RecordReader reader)
        {
            const CacheState All = CacheState.Read | CacheState.Write | CacheState.Handle;
            var state = (CacheState)reader.Byte();
            if ((state & ~All) != 0)
            {
                reader.Fail();
            }

            return state & All;
        }
    }

    private static LockRequest[] ReadLocks(ref RecordReader reader)
    {
        var locks = new LockRequest[reader.Count(3)];
        for (var i = 0; i < locks.Length; i++)
        {
            locks[i] = new LockRequest(new ByteRange(reader.Number(), reader.Number()), reader.Byte() != 0);
            if (!locks[i].Range.IsValid)
            {
                reader.Fail();
            }
        }

        return locks;
    }

    private static void Write(ref RecordWriter writer, DurableFacts facts)
    {
        writer.Text(facts.Share);
        writer.Byte((byte)facts.Kind);
        writer.Number((ulong)facts.Timeout.TotalMilliseconds);
        if (facts.CreateGuid is { } create)
        {
            writer.Id(create);
        }

        if (facts.Application is { } application)
        {
            writer.Id(application.Id);
            if (application is { High: { } high, Low: { } low })
            {
                writer.Number(high);
                writer.Number(low);
            }
        }

        writer.Text(facts.Owner);
        writer.Text(facts.OwnerDomain);
        if (facts.OwnerSid is { } sid)
        {
            writer.Sid(sid);
        }

        writer.Number((ulong)facts.OpenedAt.UtcTicks);
        writer.Byte((byte)facts.Action);
        writer.Number((uint)facts.DesiredAccess);
        writer.Number((uint)facts.CreateOptions);
    }

    private static DurableFacts ReadFacts(ref RecordReader reader, ulong id, Has has) => new()
    {
        PersistentId = id,
        Share = reader.Text(),
        Kind = ReadKind(ref reader),
        Timeout = TimeSpan.FromMilliseconds((long)reader.Number(uint.MaxValue)),
        CreateGuid = has.HasFlag(Has.CreateGuid) ? reader.Id() : null,
        Application = has.HasFlag(Has.Application) ? ReadApplication(ref reader, has.HasFlag(Has.ApplicationVersion)) : null,
        Owner = reader.Text(),
        OwnerDomain = reader.Text(),
        OwnerSid = has.HasFlag(Has.OwnerSid) ? reader.Sid() : null,
        IsOwnerSidFromName = has.HasFlag(Has.OwnerSidFromName),
        OpenedAt = new DateTimeOffset((long)reader.Number((ulong)DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero),
        Action = (CreateAction)reader.Number((uint)CreateAction.Overwritten),
        DesiredAccess = (FileAccessMask)reader.Number(uint.MaxValue),
        CreateOptions = (CreateOptions)reader.Number(uint.MaxValue),
    };

    private static DurableKind ReadKind(ref RecordReader reader)
    {
        var kind = (DurableKind)reader.Byte();
        if (kind is not (DurableKind.Durable or DurableKind.Resilient or DurableKind.Persistent))
        {
            reader.Fail();
        }

        return kind;
    }

    private static AppInstance ReadApplication(ref RecordReader reader, bool hasVersion) => hasVersion
        ? new AppInstance(reader.Id(), reader.Number(), reader.Number())
        : new AppInstance(reader.Id(), null, null);

    /// <summary>Whether the path leads nowhere that a client could not have named.</summary>
    private static bool IsPlausible(OpenRecord record)
    {
        return (record.FileId != 0 || record.Plan is { Overwrites: false })
            && IsPlausible(record.Path)
            && IsPlausible(record.MovingTo ?? StorePath.Root)
            && record.Stream?.AsSpan().ContainsAny('\0', '/', '\\') != true
            && record.MovingToStream?.AsSpan().ContainsAny('\0', '/', '\\') != true;

        static bool IsPlausible(StorePath path)
        {
            var text = path.Text.AsSpan();
            foreach (var name in path.Names)
            {
                if (text[name] is "." or ".." || (text[name].IsEmpty && !path.IsRoot))
                {
                    return false;
                }
            }

            return !text.ContainsAny('\0', '/');
        }
    }
}
