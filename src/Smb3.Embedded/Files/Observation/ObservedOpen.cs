using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Observation;

/// <summary>What an open keeps for its observer: its real name, and how much data it moved.</summary>
internal sealed class ObservedOpen(IFileObserver observer, FileName name)
{
    private long _read;
    private long _written;

    /// <summary>The observer; that of another session after a reconnect.</summary>
    public IFileObserver Observer { get; set; } = observer;

    /// <summary>What is open.</summary>
    public FileName Name { get; private set; } = name;

    /// <summary>Whether the name was removed when it was closed.</summary>
    public bool Deleted { get; set; }

    /// <summary>Counts bytes read.</summary>
    public void CountRead(long bytes) => Interlocked.Add(ref _read, bytes);

    /// <summary>Counts bytes written.</summary>
    public void CountWritten(long bytes) => Interlocked.Add(ref _written, bytes);

    /// <summary>Whether the name by which the file was opened may be removed.</summary>
    public async ValueTask<NtStatus> AskDeleteAsync(IFileStore store, StorePath path, CancellationToken cancellationToken)
    {
        var name = await NameAtAsync(store, path, cancellationToken).ConfigureAwait(false);
        return Answer(await Observer.AllowsDeleteAsync(name, DeleteReason.Disposition, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Whether it may get another name, and whether a file that already has that name may lose it.</summary>
    public async ValueTask<NtStatus> AskRenameAsync(
        IFileStore store, StorePath source, StorePath target, bool replaces, CancellationToken cancellationToken)
    {
        var present = await NameAtAsync(store, source, cancellationToken).ConfigureAwait(false);
        var future = present with { Path = await FileName.PathOfEntryAsync(store, target, cancellationToken).ConfigureAwait(false) };
        if (!await Observer.AllowsRenameAsync(present, future, replaces, cancellationToken).ConfigureAwait(false)
            || (replaces && !await Observer.AllowsDeleteAsync(future, DeleteReason.Replaced, cancellationToken).ConfigureAwait(false)))
        {
            return NtStatus.AccessDenied;
        }

        _target = future;
        return NtStatus.Success;
    }

    /// <summary>The same for a stream; the empty name is the file's data.</summary>
    public async ValueTask<NtStatus> AskRenameStreamAsync(
        IFileStore store, StorePath path, string stream, bool replaces, CancellationToken cancellationToken)
    {
        var present = await NameAtAsync(store, path, cancellationToken).ConfigureAwait(false);
        var future = present with { Stream = stream };
        if (!await Observer.AllowsRenameAsync(present, future, replaces, cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.AccessDenied;
        }

        _target = future;
        return NtStatus.Success;
    }

    /// <summary>Whether it may get an additional name.</summary>
    public async ValueTask<NtStatus> AskLinkAsync(
        IFileStore store, StorePath source, StorePath target, bool replaces, CancellationToken cancellationToken)
    {
        var file = await NameAtAsync(store, source, cancellationToken).ConfigureAwait(false);
        var link = file with { Path = await FileName.PathOfEntryAsync(store, target, cancellationToken).ConfigureAwait(false) };
        return Answer(
            await Observer.AllowsLinkAsync(file, link, replaces, cancellationToken).ConfigureAwait(false)
            && (!replaces || await Observer.AllowsDeleteAsync(link, DeleteReason.Replaced, cancellationToken).ConfigureAwait(false)));
    }

    /// <summary>Whether its descriptor may change.</summary>
    public async ValueTask<NtStatus> AskSecurityAsync(
        SecurityInformation parts, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        Answer(await Observer.AllowsSecurityAsync(Name, parts, descriptor, cancellationToken).ConfigureAwait(false));

    /// <summary>The rename that was asked about last has been carried out.</summary>
    public void Renamed() => Name = _target;

    /// <summary>The open has ended.</summary>
    public void Close() => Observer.Closed(new CloseFacts(Name, Interlocked.Read(ref _read), Interlocked.Read(ref _written), Deleted));

    private FileName _target;

    private async ValueTask<FileName> NameAtAsync(IFileStore store, StorePath path, CancellationToken cancellationToken) =>
        Name with { Path = await FileName.PathOfEntryAsync(store, path, cancellationToken).ConfigureAwait(false) };

    private static NtStatus Answer(bool allowed) => allowed ? NtStatus.Success : NtStatus.AccessDenied;
}
