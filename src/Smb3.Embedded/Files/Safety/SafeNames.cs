using System.Collections.Concurrent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Safety;

/// <summary>
/// A store in which names that are moved, added or removed survive a loss of power: their directory is flushed while the caller still holds
/// the name, so that the directory cannot be moved meanwhile. What changes in one directory at the same time shares its flushes. (A new file
/// flushes its own name, with what it is.)
/// </summary>
/// <param name="store">The store.</param>
/// <param name="comparer">How names are compared.</param>
internal sealed class SafeNames(IFileStore store, StringComparer comparer) : IFileStore
{
    private readonly ConcurrentDictionary<string, Flushed> _directories = new(comparer);
    private readonly ConcurrentDictionary<string, bool> _failed = new(comparer);

    /// <inheritdoc/>
    public StoreTraits Traits => store.Traits;

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        store.OpenAsync(path, access, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        store.CreateAsync(path, parameters, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        var status = await store.RenameAsync(from, to, replace, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await FlushAsync(to.Parent).ConfigureAwait(false);
            if (!comparer.Equals(from.Parent.Text, to.Parent.Text))
            {
                await FlushAsync(from.Parent).ConfigureAwait(false);
            }
        }

        return status;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken)
    {
        var status = await store.LinkAsync(existing, link, replace, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await FlushAsync(link.Parent).ConfigureAwait(false);
        }

        return status;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = await store.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await FlushAsync(path.Parent).ConfigureAwait(false);
        }

        return status;
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        store.CanDeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        store.GetVolumeAsync(cancellationToken);

    /// <summary>
    /// Tries again to flush the directories that could not be flushed when their names changed: by then the change had happened, so only the
    /// answers to it can still fail.
    /// </summary>
    /// <returns>Success if none is left.</returns>
    public ValueTask<NtStatus> SettleAsync() => _failed.IsEmpty ? new(NtStatus.Success) : RetryAsync();

    private async ValueTask<NtStatus> RetryAsync()
    {
        var last = NtStatus.Success;
        foreach (var (directory, _) in _failed)
        {
            _failed.TryRemove(directory, out _);
            var status = await FlushAsync(new StorePath(directory)).ConfigureAwait(false);
            last = status == NtStatus.Success ? last : status;
        }

        return last;
    }

    private async ValueTask<NtStatus> FlushAsync(StorePath directory)
    {
        var flushed = Enter(directory.Text);
        try
        {
            var status = await OpenAndFlushAsync(directory, flushed.Flush).ConfigureAwait(false);
            if (status is NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound)
            {
                return NtStatus.Success; // the directory itself is gone
            }

            if (status != NtStatus.Success)
            {
                _failed[directory.Text] = true;
            }

            return status;
        }
        finally
        {
            Leave(directory.Text, flushed);
        }
    }

    private async ValueTask<NtStatus> OpenAndFlushAsync(StorePath directory, SharedFlush flush)
    {
        var opened = await store.OpenAsync(directory, StoreAccess.Metadata, CancellationToken.None).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        return await flush.FlushAsync(handle, CancellationToken.None).ConfigureAwait(false);
    }

    private Flushed Enter(string directory)
    {
        while (true)
        {
            var flushed = _directories.GetOrAdd(directory, static _ => new Flushed());
            lock (flushed)
            {
                if (!flushed.IsGone)
                {
                    flushed.Users++;
                    return flushed;
                }
            }
        }
    }

    private void Leave(string directory, Flushed flushed)
    {
        lock (flushed)
        {
            if (--flushed.Users == 0)
            {
                flushed.IsGone = true;
                _directories.TryRemove(KeyValuePair.Create(directory, flushed));
            }
        }
    }

    /// <summary>A directory whose names are being changed.</summary>
    private sealed class Flushed
    {
        public SharedFlush Flush { get; } = new();

        public int Users { get; set; }

        public bool IsGone { get; set; }
    }
}
