using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Power;

/// <summary>
/// A client with a folder of its own, where it does one thing after the other. After each answer it notes how far the log of the disk is:
/// what has been answered by then has to be within that part of the log.
/// </summary>
internal sealed class PowerClient(int number, RunSettings settings, Func<long> position, RunReport report)
{
    private const int Names = 6;
    private const int Longest = 40;

    private readonly Random _random = new((settings.Seed * 1000) + number);
    private readonly List<Step> _steps = [];
    private PowerConnection _connection = null!;
    private ulong _files;
    private long _versions;

    public Guid ClientGuid { get; } = Guid.NewGuid();

    public string Who { get; } = $"client {number}";

    public string Folder { get; } = $"c{number}";

    /// <summary>What has been done, in order; the first: the empty folder.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>Handles that were closed, in order.</summary>
    public List<(long Position, HandleState Handle)> Closed { get; } = [];

    private FolderState State => _steps[^1].State;

    public string Path(string name) => name.Length == 0 ? Folder : $"{Folder}\\{name}";

    public async Task RunAsync()
    {
        _connection = await PowerConnection.OpenAsync(settings, ClientGuid);
        await _connection.WithAsync(Folder, SmbTestTree.ReadWrite, CreateDisposition.OpenIf, static _ => Task.CompletedTask, CreateOptions.DirectoryFile);
        Did("makes its folder", FolderState.Empty);
        while (report.Elapsed < settings.Time && report.IsFine)
        {
            try
            {
                await StepAsync();
            }
            catch (SmbTestException e)
            {
                throw new InvalidOperationException($"{Who} after '{_steps[^1].What}': {e.Message}", e);
            }
        }
    }

    /// <summary>The power is off.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private Task StepAsync() => _random.Next(20) switch
    {
        0 or 1 or 2 => OpenAsync(),
        3 or 4 => CloseAsync(),
        5 or 6 or 7 => WriteAsync(),
        8 or 9 => AppendAsync(),
        10 => ResizeAsync(),
        11 or 12 => RenameAsync(),
        13 => MarkAsync(),
        14 => DeleteAsync(),
        15 or 16 => LockAsync(),
        17 => StreamAsync(),
        18 => FolderAsync(),
        _ => RenameClosedAsync(),
    };

    private void Did(string what, FolderState state)
    {
        _steps.Add(new Step(position(), what, state));
        report.Count(_steps[^1].Kind);
    }

    private string NewName()
    {
        var name = $"f{_random.Next(Names)}";
        var folders = State.Folders.ToList();
        return folders.Count > 0 && _random.Next(3) == 0 ? $"{folders[_random.Next(folders.Count)]}\\{name}" : name;
    }

    private HandleState? Handle(Func<HandleState, bool>? which = null)
    {
        var handles = State.Handles.Values.Where(which ?? (static _ => true)).ToList();
        return handles.Count == 0 ? null : handles[_random.Next(handles.Count)];
    }

    private string? ClosedFile()
    {
        var names = State.Files.Keys.Where(name => State.Handles.Values.All(handle => handle.Name != name)).ToList();
        return names.Count == 0 ? null : names[_random.Next(names.Count)];
    }

    private async Task OpenAsync()
    {
        var name = NewName();
        if (State.Handles.Values.Any(handle => handle.Name == name))
        {
            return;
        }

        var exists = State.Files.TryGetValue(name, out var file);
        var disposition = (exists, _random.Next(4)) switch
        {
            (true, 0) => CreateDisposition.OverwriteIf,
            (true, 1) => CreateDisposition.Supersede,
            (true, _) => CreateDisposition.Open,
            (false, 0) => CreateDisposition.OpenIf,
            (false, _) => CreateDisposition.Create,
        };
        if (exists && file!.Attributes != 0 && disposition != CreateDisposition.Open)
        {
            return; // hidden files are overwritten only by who says hidden (MS-FSA 2.1.5.1.2.1)
        }

        var lease = _random.Next(3) switch
        {
            0 => Smb2LeaseState.None,
            1 => Smb2LeaseState.Read | Smb2LeaseState.Handle,
            _ => Smb2LeaseState.Read | Smb2LeaseState.Handle | Smb2LeaseState.Write,
        };
        var options = _random.Next(6) == 0 ? CreateOptions.DeleteOnClose : CreateOptions.None;
        var handle = await _connection.OpenAsync(Path(name), name, disposition, lease, options);
        file = disposition == CreateDisposition.Open ? file! : new FileState(exists && disposition != CreateDisposition.Create ? file!.Number : ++_files, []);
        Did($"opens {name}, {disposition}, {options}, {handle.FileId.Persistent:x}", State.With(name, file).With(handle));
    }

    private async Task CloseAsync()
    {
        if (Handle() is not { } handle)
        {
            return;
        }

        await _connection.CloseAsync(handle.FileId);
        var state = State.Without(handle);
        Did($"closes {handle.Name}{(handle.Deletes ? " and deletes it" : "")}, {handle.FileId.Persistent:x}", handle.Deletes ? state.Without(handle.Name) : state);
        Closed.Add((_steps[^1].Position, handle));
    }

    private async Task WriteAsync()
    {
        if (Handle() is not { } handle || State.Files[handle.Name] is not { Blocks.Count: > 0 } file)
        {
            return;
        }

        var at = _random.Next(file.Blocks.Count);
        var count = Math.Min(_random.Next(1, 12), Longest - at);
        await WriteAsync(handle, file, at, count, "writes");
    }

    private async Task AppendAsync()
    {
        if (Handle() is { } handle && State.Files[handle.Name] is { Blocks.Count: < Longest } file)
        {
            await WriteAsync(handle, file, file.Blocks.Count, Math.Min(_random.Next(1, 10), Longest - file.Blocks.Count), "appends");
        }
    }

    private async Task WriteAsync(HandleState handle, FileState file, int at, int count, string how)
    {
        long[] versions = [.. Enumerable.Range(0, count).Select(_ => ++_versions)];
        await _connection.WriteAsync(handle.FileId, file.Number, at, versions);
        Did($"{how} {handle.Name}, {at}+{count}", State.With(handle.Name, file with { Blocks = Put(file.Blocks, at, versions) }));
    }

    private static List<long> Put(IReadOnlyList<long> blocks, int at, long[] versions) =>
        [.. blocks.Take(at), .. versions, .. blocks.Skip(at + versions.Length)];

    private async Task ResizeAsync()
    {
        if (Handle() is not { } handle)
        {
            return;
        }

        var file = State.Files[handle.Name];
        var length = _random.Next(Longest);
        await _connection.SetAsync(
            handle.FileId, FileInformationClass.FileEndOfFileInformation, SetBuffer.Size(length * BlockContent.Size));
        List<long> blocks = [.. file.Blocks.Take(length), .. Enumerable.Repeat(0L, Math.Max(0, length - file.Blocks.Count))];
        Did($"resizes {handle.Name}, {length}", State.With(handle.Name, file with { Blocks = blocks }));
    }

    private async Task RenameAsync()
    {
        var name = NewName();
        if (Handle(static handle => !handle.IsDeletePending) is not { } handle || name == handle.Name || State.Handles.Values.Any(other => other.Name == name))
        {
            return;
        }

        await _connection.SetAsync(handle.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(Path(name), replaceIfExists: true));
        Did(
            $"renames {handle.Name}, to {name}{(State.Files.ContainsKey(name) ? ", which it replaces" : "")}",
            State.Without(handle.Name).With(name, State.Files[handle.Name]).With(handle with { Name = name }));
    }

    /// <summary>A rename by an ordinary handle.</summary>
    private async Task RenameClosedAsync()
    {
        var name = NewName();
        if (ClosedFile() is not { } old || name == old || State.Handles.Values.Any(other => other.Name == name))
        {
            return;
        }

        await _connection.WithAsync(Path(old), FileAccessMask.Delete, CreateDisposition.Open, async file =>
        {
            await _connection.SetAsync(file.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(Path(name), replaceIfExists: true));
            Did($"moves {old}, to {name}", State.Without(old).With(name, State.Files[old]));
        });
    }

    /// <summary>Attributes and the time of creation, by a handle that may do nothing else, which the store opens by its path only.</summary>
    private async Task MarkAsync()
    {
        var names = State.Files.Keys.ToList();
        if (names.Count == 0)
        {
            return;
        }

        var name = names[_random.Next(names.Count)];
        if (State.Handles.Values.Any(handle => handle.Name == name && handle.IsDeletePending))
        {
            return;
        }

        var attributes = _random.Next(4) switch
        {
            0 => FileAttributes.Hidden,
            1 => FileAttributes.System,
            2 => FileAttributes.Hidden | FileAttributes.System,
            _ => FileAttributes.None,
        };
        var created = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(_random.Next(100_000_000)).ToFileTimeUtc();
        await _connection.WithAsync(Path(name), FileAccessMask.WriteAttributes, CreateDisposition.Open, async file =>
        {
            await _connection.SetBasicAsync(file, created, attributes == 0 ? FileAttributes.Normal : attributes);
            Did($"marks {name}, {attributes}", State.With(name, State.Files[name] with { Attributes = attributes, CreationTime = created }));
        });
    }

    private async Task DeleteAsync()
    {
        if (Handle(static handle => !handle.Deletes || handle.IsDeletePending) is not { } handle)
        {
            return;
        }

        var deletes = !handle.IsDeletePending;
        await _connection.SetAsync(handle.FileId, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(deletes));
        Did($"{(deletes ? "deletes" : "undeletes")} {handle.Name}", State.With(handle with { Deletes = deletes, IsDeletePending = deletes }));
    }

    private async Task LockAsync()
    {
        // A rival that looks whether the lock is there must not have to wait for a break.
        if (Handle(static handle => (handle.Lease & Smb2LeaseState.Write) == 0) is not { } handle)
        {
            return;
        }

        var block = _random.Next(Longest);
        var unlocks = handle.Locks.Contains(block);
        var status = await _connection.LockAsync(handle.FileId, block, unlocks ? LockFlags.Unlock : LockFlags.Exclusive | LockFlags.FailImmediately);
        if (status != NtStatus.Success)
        {
            report.Wrong(Who, $"a lock on {handle.Name} of its own was answered with {status}");
        }

        HashSet<int> locks = [.. handle.Locks];
        _ = unlocks ? locks.Remove(block) : locks.Add(block);
        Did($"{(unlocks ? "unlocks" : "locks")} {handle.Name}, {block}", State.With(handle with { Locks = locks }));
    }

    private async Task StreamAsync()
    {
        if (ClosedFile() is not { } name)
        {
            return;
        }

        var file = State.Files[name];
        var path = Path(name) + FileState.StreamName;
        if (file.Stream is not null && _random.Next(4) == 0)
        {
            await _connection.WithAsync(path, FileAccessMask.Delete, CreateDisposition.Open, static _ => Task.CompletedTask, CreateOptions.DeleteOnClose);
            Did($"drops {name}, its stream", State.With(name, file with { Stream = null }));
            return;
        }

        await _connection.WithAsync(path, SmbTestTree.ReadWrite, CreateDisposition.OpenIf, async stream =>
        {
            var blocks = file.Stream ?? [];
            Did($"names {name}, its stream", State.With(name, file with { Stream = blocks }));
            var at = _random.Next(blocks.Count + 1);
            long[] versions = [.. Enumerable.Range(0, Math.Min(_random.Next(1, 10), Longest - at)).Select(_ => ++_versions)];
            await _connection.WriteAsync(stream.FileId, file.StreamNumber, at, versions);
            Did($"notes {name}, {at}+{versions.Length} of its stream", State.With(name, file with { Stream = Put(blocks, at, versions) }));
        });
    }

    private async Task FolderAsync()
    {
        var name = $"d{_random.Next(3)}";
        if (!State.Folders.Contains(name))
        {
            await _connection.WithAsync(Path(name), SmbTestTree.ReadWrite, CreateDisposition.Create, _ =>
            {
                Did($"creates {name}", State with { Folders = new HashSet<string>(State.Folders) { name } });
                return Task.CompletedTask;
            }, CreateOptions.DirectoryFile);
            return;
        }

        HashSet<string> others = [.. State.Folders.Where(folder => folder != name)];
        var inside = State.Files.Keys.Where(file => file.StartsWith(name + "\\", StringComparison.Ordinal)).ToList();
        if (inside.Count == 0)
        {
            await _connection.WithAsync(
                Path(name), FileAccessMask.Delete, CreateDisposition.Open, static _ => Task.CompletedTask,
                CreateOptions.DirectoryFile | CreateOptions.DeleteOnClose);
            Did($"removes {name}", State with { Folders = others });
            return;
        }

        var to = $"d{_random.Next(3)}";
        if (State.Folders.Contains(to) || State.Handles.Values.Any(handle => inside.Contains(handle.Name)))
        {
            return;
        }

        await _connection.WithAsync(Path(name), FileAccessMask.Delete, CreateDisposition.Open, async folder =>
        {
            await _connection.SetAsync(folder.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(Path(to)));
            var files = State.Files.ToDictionary(file => inside.Contains(file.Key) ? to + file.Key[name.Length..] : file.Key, file => file.Value);
            Did($"shifts {name}, to {to}", State with { Files = files, Folders = new HashSet<string>(others) { to } });
        }, CreateOptions.DirectoryFile);
    }
}
