using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Power;

/// <summary>
/// Compares what a loss of power has left of a client's folder and handles with what the client had been told: everything that was answered
/// has happened; the one operation that was under way has happened, or has not, or a write of several blocks has in part.
/// </summary>
internal sealed class FolderCheck
{
    private const int ClosedOnesTried = 12;
    private const int BlocksOfPage = 4096 / BlockContent.Size;

    private readonly PowerClient _client;
    private readonly RunSettings _settings;
    private readonly string _folder;
    private readonly RunReport _report;
    private readonly string _cut;
    private readonly long _position;
    private readonly Step? _before;
    private readonly Step? _next;
    private readonly Dictionary<string, byte[]> _disk = [];
    private FolderState _at = FolderState.Empty;

    /// <param name="client">The client.</param>
    /// <param name="settings">How to connect.</param>
    /// <param name="share">The shared folder on the disk.</param>
    /// <param name="position">The position of the cut.</param>
    /// <param name="cut">Its name.</param>
    /// <param name="report">Where to say what is wrong.</param>
    public FolderCheck(PowerClient client, RunSettings settings, string share, long position, string cut, RunReport report)
    {
        (_client, _settings, _report, _cut, _position) = (client, settings, report, cut, position);
        _folder = Path.Combine(share, client.Folder);
        var last = client.Steps.TakeWhile(step => step.Position <= position).Count() - 1;
        _before = last < 0 ? null : client.Steps[last];
        _next = last + 1 < client.Steps.Count ? client.Steps[last + 1] : null;
    }

    private FolderState Before => _before!.State;

    private FolderState Next => (_next ?? _before!).State;

    /// <summary>What is on the disk, before a server has seen it.</summary>
    public void CheckDisk()
    {
        if (_before is null)
        {
            return;
        }

        if (!Directory.Exists(_folder))
        {
            Wrong("the folder is gone");
            return;
        }

        var names = Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(_folder, path).Replace('/', '\\'), IsFolder: Directory.Exists(path), Path: path)).ToList();
        HashSet<string> found = [.. names.Select(static entry => entry.Name)];
        if (found.SetEquals(Before.Names))
        {
            _at = Before;
        }
        else if (found.SetEquals(Next.Names))
        {
            _at = Next;
        }
        else
        {
            Wrong($"there are [{string.Join(' ', found.Order())}], not [{string.Join(' ', Before.Names.Order())}]");
            return;
        }

        foreach (var (name, isFolder, path) in names)
        {
            if (isFolder != _at.Folders.Contains(name))
            {
                Wrong($"{name} is of another kind");
            }
            else if (!isFolder)
            {
                _disk[name] = File.ReadAllBytes(path);
                var (old, made) = Versions(name);
                CheckContent(name, _disk[name], _at.Files[name].Number, old.Blocks, made.Blocks);
            }
        }
    }

    /// <summary>What a server says that has recovered from it.</summary>
    public async Task CheckServerAsync()
    {
        if (_before is null || _report.WrongCount > 20)
        {
            return;
        }

        await using var connection = await PowerConnection.OpenAsync(_settings, _client.ClientGuid);
        await using var rival = await PowerConnection.OpenAsync(_settings, Guid.NewGuid());
        List<HandleState> back = [];
        foreach (var guid in Before.Handles.Keys.Union(Next.Handles.Keys))
        {
            var old = Before.Handles.GetValueOrDefault(guid);
            var made = Next.Handles.GetValueOrDefault(guid);
            if (await ReclaimAsync(connection, old, made) is { } handle)
            {
                back.Add(handle);
                _report.Count("handles back");
                await CheckLocksAsync(rival, handle, old, made);
                if (_disk.TryGetValue(handle.Name, out var bytes) && !(await connection.ReadAsync(handle.FileId)).SequenceEqual(bytes))
                {
                    Wrong($"{handle.Name} reads otherwise through its handle");
                }
            }
        }

        foreach (var (name, _) in _disk)
        {
            if (!back.Exists(handle => handle.Name == name && MayDelete(handle)))
            {
                await CheckFileAsync(rival, name);
            }
        }

        foreach (var (_, handle) in _client.Closed.Where(closed => closed.Position <= _position).TakeLast(ClosedOnesTried))
        {
            var (status, _) = await connection.ReclaimAsync(handle, _client.Path(handle.Name));
            if (status != NtStatus.ObjectNameNotFound)
            {
                Wrong($"the handle {handle.FileId.Persistent:x} of {handle.Name} was closed, and asked for again it is answered {status}");
            }
        }

        foreach (var handle in back)
        {
            await connection.CloseAsync(handle.FileId);
            var both = Before.Handles.ContainsKey(handle.CreateGuid) && Next.Handles.TryGetValue(handle.CreateGuid, out var next)
                && next.Deletes == Before.Handles[handle.CreateGuid].Deletes;
            if (both && File.Exists(OnDisk(handle.Name)) == handle.Deletes)
            {
                Wrong($"{handle.Name} is {(handle.Deletes ? "still there" : "gone")} after the last close");
            }
        }
    }

    private bool MayDelete(HandleState handle) =>
        Before.Handles.GetValueOrDefault(handle.CreateGuid) is { Deletes: true } || Next.Handles.GetValueOrDefault(handle.CreateGuid) is { Deletes: true };

    private string OnDisk(string name) => Path.Combine(_folder, name.Replace('\\', '/'));

    /// <summary>The file as it was and as the operation under way makes it, whatever its name is.</summary>
    private (FileState Old, FileState Made) Versions(string name)
    {
        var file = _at.Files[name];
        var old = Before.Files.GetValueOrDefault(name) is { } same && same.Number == file.Number
            ? same : Before.Files.Values.FirstOrDefault(other => other.Number == file.Number, file);
        var made = Next.Files.GetValueOrDefault(name) is { } still && still.Number == file.Number
            ? still : Next.Files.Values.FirstOrDefault(other => other.Number == file.Number, file);
        return (old, made);
    }

    private void CheckContent(string name, ReadOnlySpan<byte> bytes, ulong number, IReadOnlyList<long> old, IReadOnlyList<long> made)
    {
        var blocks = bytes.Length / BlockContent.Size;
        if (bytes.Length % BlockContent.Size != 0 || blocks < Math.Min(old.Count, made.Count) || blocks > Math.Max(old.Count, made.Count))
        {
            Wrong($"{name} is {bytes.Length} bytes long, not {old.Count} to {made.Count} blocks");
            return;
        }

        for (var block = 0; block < blocks; block++)
        {
            var version = BlockContent.VersionOf(bytes.Slice(block * BlockContent.Size, BlockContent.Size), number, block);
            var isOld = block < old.Count && version == old[block];
            var isMade = block < made.Count && version == made[block];
            // What the operation under way adds may have its length before its data; and what it cuts off, the rest of the page, may be
            // zeros before the length is less.
            var isAdded = version == 0 && block >= old.Count;
            var isCutOff = version == 0 && block >= made.Count && block / BlocksOfPage == made.Count / BlocksOfPage;
            if (!isOld && !isMade && !isAdded && !isCutOff)
            {
                Wrong($"block {block} of {name} is version {version}, not {(block < old.Count ? old[block] : "none")}");
            }
        }
    }

    /// <returns>The handle as it came back; null: it did not.</returns>
    private async Task<HandleState?> ReclaimAsync(PowerConnection connection, HandleState? old, HandleState? made)
    {
        var handle = (old ?? made)!;
        var name = new[] { old?.Name, made?.Name }.OfType<string>().FirstOrDefault(_disk.ContainsKey) ?? handle.Name;
        var (status, answer) = await connection.ReclaimAsync(handle, _client.Path(name));
        if (status == NtStatus.Success)
        {
            if (answer!.FileId.Persistent != handle.FileId.Persistent)
            {
                Wrong($"the handle {handle.FileId.Persistent:x} came back as {answer.FileId.Persistent:x}");
            }

            if ((answer.Lease?.State ?? Smb2LeaseState.None) != handle.Lease)
            {
                Wrong($"the lease of {name} came back as {answer.Lease?.State}, not {handle.Lease}");
            }

            return ((made ?? old)!) with { FileId = answer.FileId, Name = name };
        }

        if (old is not null && made is not null)
        {
            Wrong($"the handle {handle.FileId.Persistent:x} of {name} did not come back: {status}");
        }
        else if (status != NtStatus.ObjectNameNotFound)
        {
            Wrong($"the handle {handle.FileId.Persistent:x} of {name}, which may be gone, is answered {status}");
        }
        else if (old is { Deletes: true } && File.Exists(OnDisk(name)))
        {
            Wrong($"the handle {handle.FileId.Persistent:x} is closed, and {name}, which goes with it, is there");
        }

        return null;
    }

    private async Task CheckLocksAsync(PowerConnection rival, HandleState handle, HandleState? old, HandleState? made)
    {
        var held = (old ?? made)!.Locks;
        var heldNext = (made ?? old)!.Locks;
        if (MayDelete(handle) || (held.Count == 0 && heldNext.Count == 0))
        {
            return; // nobody else opens what is being deleted
        }

        await rival.WithAsync(_client.Path(handle.Name), SmbTestTree.ReadWrite, CreateDisposition.Open, async file =>
        {
            foreach (var block in Enumerable.Range(0, 1 + held.Concat(heldNext).Max() + 1).Where(block => held.Contains(block) == heldNext.Contains(block)))
            {
                var status = await rival.LockAsync(file.FileId, block, LockFlags.Exclusive | LockFlags.FailImmediately);
                if (status != (held.Contains(block) ? NtStatus.LockNotGranted : NtStatus.Success))
                {
                    Wrong($"block {block} of {handle.Name} is {(held.Contains(block) ? "" : "not ")}locked, and a rival's lock is answered {status}");
                }

                _report.Count("locks looked at");
            }
        });
    }

    /// <summary>Attributes and the named stream.</summary>
    private async Task CheckFileAsync(PowerConnection rival, string name)
    {
        var (old, made) = Versions(name);
        await rival.WithAsync(_client.Path(name), FileAccessMask.ReadAttributes, CreateDisposition.Open, async file =>
        {
            var response = await rival.Tree.CallAsync(
                Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, FileInformationClass.FileBasicInformation));
            var buffer = OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer;
            var attributes = (FileAttributes)BitConverter.ToUInt32(buffer, 32) & (FileAttributes.Hidden | FileAttributes.System);
            var created = BitConverter.ToInt64(buffer);
            if (!Is(old) && !Is(made))
            {
                Wrong($"{name} is {attributes}, made {created}, not {old.Attributes}, made {old.CreationTime}");
            }

            bool Is(FileState state) => state.Attributes == attributes && (state.CreationTime == 0 || state.CreationTime == created);
        });

        var stream = _client.Path(name) + FileState.StreamName;
        var response = await rival.Tree.CallAsync(
            Smb2Command.Create, RequestBody.Create(stream, FileAccessMask.FileGenericRead, CreateDisposition.Open));
        if (response.Status == NtStatus.Success)
        {
            var open = CreateAnswer.Parse(response.Message);
            if (old.Stream is null && made.Stream is null)
            {
                Wrong($"{name} has a stream that was never made, or dropped");
            }
            else
            {
                CheckContent(stream, await rival.ReadAsync(open.FileId), old.StreamNumber, old.Stream ?? [], made.Stream ?? []);
                _report.Count("streams looked at");
            }

            await rival.CloseAsync(open.FileId);
        }
        else if (response.Status != NtStatus.ObjectNameNotFound || (old.Stream is not null && made.Stream is not null))
        {
            Wrong($"the stream of {name} is answered {response.Status}");
        }
    }

    private void Wrong(string what)
    {
        _report.Wrong($"{_cut}, {_client.Who}", what);
        Console.WriteLine($"      after '{_before!.What}', before '{_next?.What}'");
    }
}
