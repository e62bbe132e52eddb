using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>CREATE: every disposition, option and context, of files, directories, streams and pipes; reconnects of what was lost.</summary>
internal sealed class CreateGenerator(Source source) : IGenerator
{
    private const FileAccessMask ReadWrite = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite | FileAccessMask.Delete;

    private static readonly FileAccessMask[] Accesses =
    [
        ReadWrite, ReadWrite, ReadWrite, FileAccessMask.FileGenericRead, FileAccessMask.FileGenericWrite, FileAccessMask.MaximumAllowed,
        FileAccessMask.FileAllAccess, FileAccessMask.ReadAttributes, FileAccessMask.Delete, FileAccessMask.GenericAll,
        FileAccessMask.GenericRead, FileAccessMask.ReadControl | FileAccessMask.WriteDac | FileAccessMask.WriteOwner,
        FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite,
    ];

    private static readonly string[] Pipes = ["srvsvc", "wkssvc", "lsarpc", "lsass", @"\SRVSVC", "samr", "netlogon", "none"];

    private readonly Chance _chance = source.Chance;

    public int Weight => source.World.Opens.Count < 8 ? 30 : source.World.Opens.Count > 40 ? 2 : 7;

    public Message? Next()
    {
        if (source.Tree() is not { } tree)
        {
            return null;
        }

        return tree.Type == Smb2ShareType.Pipe ? Pipe(tree)
            : source.World.Lost.Count > 0 && _chance.OneIn(3) ? Reconnect(tree)
            : OnDisk(tree);
    }

    /// <summary>A file or a directory on a tree connect.</summary>
    public Message OnDisk(KnownTree tree)
    {
        var isDirectory = _chance.OneIn(3);
        var name = isDirectory && !_chance.OneIn(8) ? source.DirectoryName() : source.Name();
        var disposition = _chance.Next(10) switch
        {
            < 7 => CreateDisposition.OpenIf,
            7 => CreateDisposition.Create,
            8 => isDirectory ? CreateDisposition.OpenIf : CreateDisposition.OverwriteIf,
            _ => (CreateDisposition)_chance.Next(7),
        };
        var options = isDirectory ? CreateOptions.DirectoryFile : _chance.OneIn(2) ? CreateOptions.NonDirectoryFile : CreateOptions.None;
        if (_chance.OneIn(8))
        {
            options |= _chance.OneIn(4) ? (CreateOptions)(1u << _chance.Next(24)) : _chance.Of(
                CreateOptions.WriteThrough, CreateOptions.DeleteOnClose, CreateOptions.OpenReparsePoint, CreateOptions.SequentialOnly,
                CreateOptions.OpenForBackupIntent, CreateOptions.NoIntermediateBuffering, CreateOptions.CompleteIfOplocked);
        }

        var share = _chance.OneIn(6) ? (ShareAccess)_chance.Next(8) : ShareAccess.All;
        var note = new OpenNote(name) { LeaseKey = source.LeaseKey(), CreateGuid = source.AnyGuid(), Apple = _chance.OneIn(40) };
        var lease = _chance.OneIn(3);
        var oplock = lease ? Smb2OplockLevel.Lease : _chance.Of(Smb2OplockLevel.None, Smb2OplockLevel.None, Smb2OplockLevel.LevelII,
            Smb2OplockLevel.Exclusive, Smb2OplockLevel.Batch);
        var body = RequestBody.Create(
            name,
            _chance.OneIn(25) ? (FileAccessMask)_chance.Bits() : _chance.Of<FileAccessMask>(Accesses),
            disposition,
            share,
            options,
            _chance.OneIn(8) ? (FileAttributes)(_chance.Edge() & 0x5FB7) : 0,
            oplock,
            _chance.OneIn(30) ? (Smb2ImpersonationLevel)_chance.Next(6) : Smb2ImpersonationLevel.Impersonation,
            lease || note.Apple || _chance.OneIn(2) ? (ref CreateContextWriter writer) => WriteContexts(ref writer, note, lease) : null);
        return Of(tree, body, note);
    }

    /// <summary>A file or directory that is there afterwards, with all rights.</summary>
    public Message Plain(KnownTree tree, string name)
    {
        var isDirectory = !name.Contains('.', StringComparison.Ordinal) && name.Length > 2;
        var body = RequestBody.Create(
            name, FileAccessMask.MaximumAllowed, CreateDisposition.OpenIf,
            options: isDirectory ? CreateOptions.DirectoryFile : CreateOptions.NonDirectoryFile);
        return Of(tree, body, new OpenNote(name));
    }

    private static Message With(Message message, OpenNote note) => message with { Note = note };

    private Message Of(KnownTree tree, byte[] body, OpenNote note) => With(
        new Message(source.NextNumber(), Smb2Command.Create, body)
        {
            Session = tree.Session,
            Tree = tree.Number,
            Flags = _chance.OneIn(16) ? Smb2HeaderFlags.Dfs : Smb2HeaderFlags.None,
        },
        note);

    private Message Pipe(KnownTree tree)
    {
        var name = _chance.Of<string>(Pipes);
        return Of(tree, RequestBody.Create(name, FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite, CreateDisposition.Open), new OpenNote(name));
    }

    private Message Reconnect(KnownTree tree)
    {
        var lost = _chance.Of<KnownOpen>(source.World.Lost);
        var second = lost.CreateGuid != default && _chance.OneIn(2);
        var note = new OpenNote(lost.Name) { LeaseKey = lost.LeaseKey, CreateGuid = lost.CreateGuid, Durable = true };
        var at = 0;
        var body = RequestBody.Create(
            lost.Name, ReadWrite, CreateDisposition.OpenIf,
            oplock: lost.Oplock,
            contexts: (ref CreateContextWriter writer) =>
            {
                if (second)
                {
                    writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(
                        lost.FileId, lost.CreateGuid, _chance.OneIn(2) ? DurableHandleFlags.Persistent : DurableHandleFlags.None));
                    at = writer.Length - 36;
                }
                else
                {
                    writer.ReconnectDurableHandle(lost.FileId);
                    at = writer.Length - 16;
                }

                if (lost.Oplock == Smb2OplockLevel.Lease)
                {
                    writer.Lease(Lease(note, 2));
                }
            });

        // Where the contexts begin, from the start of the body.
        var contextsAt = (int)((ReadOnlySpan<byte>)body).UInt32(48) - Smb2Header.Size;
        return Of(tree, body, note) with { References = [new Reference(ReferenceKind.File, lost.Number, contextsAt + at)] };
    }

    private LeaseContext Lease(OpenNote note, int version) => new()
    {
        Version = version,
        LeaseKey = note.LeaseKey,
        State = _chance.OneIn(10) ? (Smb2LeaseState)_chance.Next(16)
            : _chance.Of(
                Smb2LeaseState.Read, Smb2LeaseState.Read | Smb2LeaseState.Handle, Smb2LeaseState.Read | Smb2LeaseState.Write,
                Smb2LeaseState.Read | Smb2LeaseState.Handle | Smb2LeaseState.Write),
        Flags = version == 2 && _chance.OneIn(2) ? LeaseFlags.ParentLeaseKeySet : LeaseFlags.None,
        ParentLeaseKey = version == 2 ? source.LeaseKey() : default,
        Epoch = (ushort)(version == 2 ? _chance.Next(5) : 0),
    };

    private void WriteContexts(ref CreateContextWriter writer, OpenNote note, bool lease)
    {
        if (lease)
        {
            writer.Lease(Lease(note, _chance.Between(1, 2)));
        }

        if (note.Apple)
        {
            var query = writer.Begin(CreateContextName.Apple, 24);
            query.Put(0, 1u);
            query.Put(8, (ulong)_chance.Next(16));
            query.Put(16, (ulong)_chance.Next(16));
        }

        for (var more = _chance.Next(4); more > 0; more--)
        {
            WriteContext(ref writer, note);
        }
    }

    private void WriteContext(ref CreateContextWriter writer, OpenNote note)
    {
        switch (_chance.Next(14))
        {
            case 0:
                writer.AskMaximalAccess();
                break;
            case 1:
                writer.AskOnDiskId();
                break;
            case 2:
                writer.AllocationSize(source.Offset());
                break;
            case 3:
                writer.AskDurableHandle();
                break;
            case 4 or 5:
                writer.AskDurableHandleV2(new DurableHandleRequestV2(
                    (uint)_chance.Next(100_000), (DurableHandleFlags)(_chance.OneIn(2) ? 2 : 0), note.CreateGuid));
                break;
            case 6:
                writer.Timewarp(new FileTime(134_000_000_000_000_000 + _chance.Next(1000)));
                break;
            case 7:
                writer.AppInstanceId(source.AnyGuid());
                break;
            case 8:
                writer.AppInstanceVersion(new AppInstanceVersion((ulong)_chance.Next(3), (ulong)_chance.Next(3)));
                break;
            case 9:
                writer.Raw(CreateContextName.ExtendedAttributes, Samples.ExtendedAttributes(_chance));
                break;
            case 10:
                writer.Raw(CreateContextName.SecurityDescriptor, Samples.Descriptor(_chance));
                break;
            case 11:
                writer.Begin(CreateContextName.Posix, 4).Put(0, 0x1A4u);
                break;
            case 12:
                writer.Raw(CreateContextName.SvhdxOpenDevice, _chance.Bytes(32));
                break;
            default:
                _chance.Bytes(20).CopyTo(writer.Begin("Test"u8, 20));
                break;
        }
    }
}
