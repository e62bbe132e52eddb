using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Names;

/// <summary>
/// The time in which the data of a file becomes one of its streams, or a stream its data. Nothing runs on the opens of what is moved
/// meanwhile, and the data cannot be opened. Each ends with <see cref="Dispose"/>.
/// </summary>
internal sealed class DataExchange : IDisposable
{
    private readonly WholeFile _whole;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DataExchange(WholeFile whole) => _whole = whole;

    /// <summary>The opens that are moved; what is being closed is not among them.</summary>
    public List<FileOpen> Opens { get; } = [];

    /// <summary>
    /// Begins one, in which <paramref name="by"/> moves what it has open, before it has its turn on the name: what still runs may need that.
    /// </summary>
    /// <param name="by">The open, on which nothing of the caller's runs; it is not closed before the end.</param>
    /// <param name="cancellationToken">Ends the wait for operations that run.</param>
    /// <returns>Null: it has been closed.</returns>
    public static async ValueTask<DataExchange?> BeginAsync(FileOpen by, CancellationToken cancellationToken)
    {
        var file = by.File;
        var made = new DataExchange(file.Common);
        while (!made.TryEnter())
        {
            await by.WhenResumedAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            if (by.Volume.Fence.IsUp)
            {
                return null;
            }
        }

        try
        {
            // Each is paused when nothing runs on it, so that what has begun on one can go on; what needs two begins on both at once.
            while (made.FindBusy(file) is { } busy && !by.Volume.Fence.IsUp)
            {
                await busy.WhenIdleAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            made.Dispose();
            throw;
        }

        if (by.IsPaused && !by.Volume.Fence.IsUp)
        {
            return made;
        }

        made.Dispose();
        return null;
    }

    /// <summary>
    /// The data is a stream now: every open that was moved has the handle of the same place in <paramref name="handles"/> from here on.
    /// </summary>
    /// <returns>The handles that they had.</returns>
    public List<IStoreFile> Named(FileObject data, string name, IReadOnlyList<IStoreFile> handles)
    {
        var old = new List<IStoreFile>(Opens.Count);
        lock (_whole.Sync)
        {
            data.Volume.OpenFiles.NameData(data, name);
            _whole.Streams.Add(data);
            for (var i = 0; i < Opens.Count; i++)
            {
                old.Add(Opens[i].Rename(handles[i], name)!);
            }

            End(data);
        }

        return old;
    }

    /// <summary>The stream is the data now. Its handles stay what they are.</summary>
    public void Unnamed(FileObject stream)
    {
        lock (_whole.Sync)
        {
            stream.Volume.OpenFiles.MakeData(stream);
            _whole.Streams.Remove(stream);
            foreach (var open in Opens)
            {
                open.Rename(null, null);
            }

            End(stream);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_whole.Sync)
        {
            Resume();
            _whole.Exchange = null;
        }

        _over.TrySetResult();
    }

    private static void End(FileObject moved)
    {
        moved.Caching.StopNoticing();
        foreach (var open in moved.OpensLocked)
        {
            open.State.StreamMoved();
        }

        moved.SignalRelativesLocked();
    }

    /// <summary>Nobody opens the data from here on.</summary>
    private bool TryEnter()
    {
        lock (_whole.Sync)
        {
            _whole.Exchange ??= _over;
            return _whole.Exchange == _over;
        }
    }

    /// <summary>Pauses what is idle, and returns one that is not.</summary>
    private FileOpen? FindBusy(FileObject file)
    {
        lock (_whole.Sync)
        {
            FileOpen? busy = null;
            foreach (var open in file.OpensLocked)
            {
                if (open.IsPaused || open.IsClosing)
                {
                    continue;
                }

                if (open.TryPause())
                {
                    Opens.Add(open);
                }
                else if (!open.IsClosing)
                {
                    busy = open;
                }
            }

            return busy;
        }
    }

    private void Resume()
    {
        foreach (var open in Opens)
        {
            open.Resume();
        }
    }
}
