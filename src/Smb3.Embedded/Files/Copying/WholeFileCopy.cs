using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Copying;

/// <summary>Copies everything of a file to another: what a Mac expects of its server's copyfile(3).</summary>
internal static class WholeFileCopy
{
    private const int Piece = 1 << 20;

    /// <summary>
    /// Copies the data, the named streams, and the times and attributes. The streams are opened on both sides for the callers of the two opens,
    /// as a client would that copied them one by one. A copy that fails on the way leaves what it has copied so far.
    /// </summary>
    /// <param name="open">The target, whose data is replaced.</param>
    /// <param name="source">The source.</param>
    /// <param name="atSource">Is asked about the streams of the source; <see langword="null"/> if nobody is.</param>
    /// <param name="atTarget">Is asked about those of the target.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <returns>The length of the data; or why not all has been copied.</returns>
    public static async ValueTask<NtResult<long>> CopyWholeAsync(
        this FileOpen open, FileOpen source, IFileObserver? atSource, IFileObserver? atTarget, CancellationToken cancellationToken)
    {
        if (open.File.Whole == source.File.Whole)
        {
            return NtStatus.InvalidParameter;
        }

        var copied = await open.CopyDataAsync(source, cancellationToken).ConfigureAwait(false);
        if (!copied.Succeeded || open.File.IsStream || source.File.IsStream)
        {
            return copied;
        }

        var streams = await source.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var stream in streams.Succeeded ? streams.Value : [])
        {
            var status = await open.CopyStreamAsync(source, stream.Name, atSource, atTarget, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        var set = streams.Succeeded ? await open.CopyBasicAsync(source, cancellationToken).ConfigureAwait(false) : streams.Status;
        return set == NtStatus.Success ? copied : set;
    }

    private static async ValueTask<NtResult<long>> CopyDataAsync(this FileOpen open, FileOpen source, CancellationToken cancellationToken)
    {
        var metadata = await source.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var length = metadata.Value.Length;
        var status = await open.SetEndOfFileAsync(length, cancellationToken).ConfigureAwait(false);
        for (var offset = 0L; offset < length && status == NtStatus.Success; offset += Piece)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(Piece, length - offset);
            status = await open.CopyFromAsync(source, offset, offset, count, cancellationToken).ConfigureAwait(false);
        }

        return status == NtStatus.Success ? length : status;
    }

    private static async ValueTask<NtStatus> CopyStreamAsync(
        this FileOpen open, FileOpen source, string name, IFileObserver? atSource, IFileObserver? atTarget, CancellationToken cancellationToken)
    {
        var from = await source.OpenStreamAsync(name, FileAccessMask.ReadData, CreateDisposition.Open, atSource, cancellationToken).ConfigureAwait(false);
        if (from.Open is null)
        {
            return from.Status == NtStatus.ObjectNameNotFound ? NtStatus.Success : from.Status;
        }

        try
        {
            var to = await open.OpenStreamAsync(name, FileAccessMask.WriteData, CreateDisposition.OverwriteIf, atTarget, cancellationToken).ConfigureAwait(false);
            if (to.Open is null)
            {
                return to.Status;
            }

            try
            {
                var copied = await to.Open.CopyDataAsync(from.Open, cancellationToken).ConfigureAwait(false);
                return copied.Status;
            }
            finally
            {
                await to.Open.CloseAsync(cancellationToken: CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            await from.Open.CloseAsync(cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static ValueTask<CreateOutcome> OpenStreamAsync(
        this FileOpen file, string name, FileAccessMask access, CreateDisposition disposition, IFileObserver? observer, CancellationToken cancellationToken) =>
        file.Volume.CreateAsync(
            new CreateParameters
            {
                Path = $"{file.Path.Text}:{name}",
                Caller = file.State.Caller,
                ClientGuid = file.State.ClientGuid,
                ShareMaximalAccess = file.State.ShareMaximalAccess,
                DesiredAccess = access,
                ShareAccess = ShareAccess.All,
                Disposition = disposition,
                Observer = observer,
            },
            cancellationToken);

    /// <summary>What the target's open may not set, its client sets by itself.</summary>
    private static async ValueTask<NtStatus> CopyBasicAsync(this FileOpen open, FileOpen source, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.WriteAttributes) || !source.HasAny(FileAccessMask.ReadAttributes))
        {
            return NtStatus.Success;
        }

        var metadata = await source.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded
            ? await open.SetBasicAsync(
                new BasicTimes(metadata.Value.CreationTime.Ticks, 0, metadata.Value.LastWriteTime.Ticks, 0),
                metadata.Value.Attributes & SetBasicOperation.SettableAttributes,
                cancellationToken).ConfigureAwait(false)
            : metadata.Status;
    }
}
