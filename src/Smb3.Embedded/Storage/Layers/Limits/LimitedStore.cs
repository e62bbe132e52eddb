using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>
/// A store whose files may have so many bytes together, those of their streams included. They are counted once; from then on the count follows
/// what is done through this store.
/// </summary>
internal class LimitedStore : LayeredStore
{
    private readonly SpaceAccount _account;
    private readonly CancellationTokenSource _end = new();
    private readonly NameTurns _names = new();
    private readonly Lazy<Task> _counted;
    private volatile string? _problem;

    private LimitedStore(IFileStore inner, long limit)
        : base(inner)
    {
        _account = new SpaceAccount(limit);
        NamesOfStreams = inner.Traits.Has(StoreAbilities.CaseSensitive) ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        Charges = new FileCharges(_account, NamesOfStreams);
        _counted = new Lazy<Task>(() => Task.Run(CountAsync));
    }

    /// <inheritdoc/>
    public override string? Problem => base.Problem ?? _problem;

    /// <summary>What is charged for files that are open.</summary>
    public FileCharges Charges { get; }

    /// <summary>How names of streams are told apart.</summary>
    public StringComparer NamesOfStreams { get; }

    /// <summary>Limits <paramref name="inner"/>.</summary>
    public static IFileStore On(IFileStore inner, long limit) =>
        inner is IChangeSource ? new Watched(inner, limit) : new LimitedStore(inner, limit);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        // Who opens a file while its last name goes is among those whose handles its bytes stay for.
        using var name = await _names.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        return await base.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        await WhenCountedAsync(cancellationToken).ConfigureAwait(false);
        using var name = await _names.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        return parameters.AllocationSize > _account.Free
            ? NtStatus.DiskFull
            : await base.CreateAsync(path, parameters with { AllocationSize = 0 }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        RemoveAsync(path, null, () => Inner.DeleteAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        RemoveAsync(to, from, () => Inner.RenameAsync(from, to, replace, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        RemoveAsync(link, existing, () => Inner.LinkAsync(existing, link, replace, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        _ = _counted.Value;
        var volume = await Inner.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        return volume.Succeeded ? Limit(volume.Value) : volume;
    }

    /// <summary>What of a volume there is under the limit.</summary>
    public VolumeInformation Limit(VolumeInformation volume)
    {
        var free = _account.Free;
        return volume with
        {
            TotalBytes = Math.Min(volume.TotalBytes, _account.Limit),
            FreeBytes = Math.Min(volume.FreeBytes, free),
            AvailableBytes = Math.Min(volume.AvailableBytes, free),
        };
    }

    /// <summary>Waits until it is known how many bytes there are.</summary>
    public ValueTask WhenCountedAsync(CancellationToken cancellationToken) =>
        _counted.Value is { IsCompletedSuccessfully: false } counting ? new(counting.WaitAsync(cancellationToken)) : default;

    /// <inheritdoc/>
    protected override IFileStore Over(IFileStore inner) => On(inner, _account.Limit);

    /// <inheritdoc/>
    protected override async ValueTask EndAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (_counted.IsValueCreated)
        {
            await _counted.Value.ConfigureAwait(false);
        }

        _end.Dispose();
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<IStoreFile>> CoverAsync(IStoreFile handle, CancellationToken cancellationToken)
    {
        _ = _counted.Value;
        var opened = await OpenChargeAsync(handle, cancellationToken).ConfigureAwait(false);
        if (opened.Succeeded)
        {
            return new LimitedFile(this, handle, opened.Value, opened.Value.Data);
        }

        await handle.DisposeAsync().ConfigureAwait(false);
        return opened.Status;
    }

    private async ValueTask<NtResult<FileCharge>> OpenChargeAsync(IStoreFile handle, CancellationToken cancellationToken)
    {
        try
        {
            var metadata = handle is IOpenedFile { MetadataAsOpened: { } known }
                ? known : await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            return metadata.Succeeded ? Charges.Open(metadata.Value.FileId) : metadata.Status;
        }
        catch
        {
            await handle.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Does what may take a file its last name, and gives its bytes back when it has.</summary>
    /// <param name="path">The name that goes, if it is there.</param>
    /// <param name="other">A file that gets this name, or one more.</param>
    /// <param name="change">What is done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async ValueTask<NtStatus> RemoveAsync(
        StorePath path, StorePath? other, Func<ValueTask<NtStatus>> change, CancellationToken cancellationToken)
    {
        await WhenCountedAsync(cancellationToken).ConfigureAwait(false);
        using var names = await _names.EnterAsync(path, other ?? path, cancellationToken).ConfigureAwait(false);
        NamedFile? kept = null, going = null;
        try
        {
            kept = other is { } staying ? await NamedFile.OpenAsync(Inner, Charges, staying, cancellationToken).ConfigureAwait(false) : null;
            going = await NamedFile.OpenAsync(Inner, Charges, path, cancellationToken).ConfigureAwait(false);

            // The names of both are counted. Who has one of two files waits for none with a smaller number.
            var charges = new[] { kept?.Charge, going?.Charge }.OfType<FileCharge>().Distinct().OrderBy(static charge => charge.FileId);
            using var turns = await SeveralTurns.EnterAsync(charges.Select(static charge => charge.Names), cancellationToken).ConfigureAwait(false);
            return going is null || going.Charge == kept?.Charge
                ? await change().ConfigureAwait(false) : await RemoveAsync(going, change, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await NamedFile.CloseAsync(going).ConfigureAwait(false);
            await NamedFile.CloseAsync(kept).ConfigureAwait(false);
        }
    }

    private async ValueTask<NtStatus> RemoveAsync(NamedFile going, Func<ValueTask<NtStatus>> change, CancellationToken cancellationToken)
    {
        var metadata = await going.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var streams = going.Handle is IStreamedFile streamed && Traits.Has(StoreAbilities.NamedStreams)
            ? await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false) : new NtResult<IReadOnlyList<StoreStreamEntry>>([]);
        if (!metadata.Succeeded || !streams.Succeeded)
        {
            return metadata.Succeeded ? streams.Status : metadata.Status;
        }

        var status = await change().ConfigureAwait(false);
        if (status == NtStatus.Success && metadata.Value.LinkCount <= 1)
        {
            going.Charge.Remove(metadata.Value.Length, streams.Value);
            Charges.Forget(going.Charge);
        }

        return status;
    }

    private async Task CountAsync()
    {
        try
        {
            var count = new TreeCount(Inner, _account);
            await count.RunAsync(_end.Token).ConfigureAwait(false);
            if (count.Missed > 0)
            {
                _problem = $"The files of the share are not all counted: {count.Missed} files or folders cannot be read, so that more than the quota "
                    + "may be used. Give the server's account access to them and start it again.";
            }
        }
        catch (OperationCanceledException)
        {
            // nobody waits any more
        }
#pragma warning disable CA1031 // whatever a store throws, those who wait for the count go on
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _problem = "The files of the share could not be counted, so that more than the quota may be used: " + exception.Message;
        }
    }

    private sealed class Watched(IFileStore inner, long limit) : LimitedStore(inner, limit), IChangeSource
    {
        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) => WatchBelow(directory, tree, changed);
    }
}
