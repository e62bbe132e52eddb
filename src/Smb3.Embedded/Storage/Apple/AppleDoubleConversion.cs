using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>
/// Moves the contents of one AppleDouble file. Nothing of the file beside it changes before everything has been looked at; each stream appears
/// whole under its name, and the AppleDouble file goes last. So whatever ends it in between, it can be done again.
/// </summary>
internal sealed class AppleDoubleConversion(IFileStore store, StorePath source, StorePath target)
{
    private const int CopySize = 256 * 1024;
    private const string UnderWay = "AppleDouble.conversion";

    public async ValueTask<AppleDoubleOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(source, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return Failed(opened.Status);
        }

        var outcome = await ConvertAsync(opened.Value, cancellationToken).ConfigureAwait(false);
        if (outcome.Result != AppleDoubleResult.Converted)
        {
            return outcome;
        }

        var status = await store.DeleteAsync(source, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? outcome : Failed(status);
    }

    private async ValueTask<AppleDoubleOutcome> ConvertAsync(IStoreFile file, CancellationToken cancellationToken)
    {
        await using var fileUse = file.ConfigureAwait(false);
        var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return Failed(metadata.Status);
        }

        var head = new byte[Math.Min(metadata.Value.Length, AppleDoubleFile.MaxTables)];
        var read = await file.ReadAsync(0, head, cancellationToken).ConfigureAwait(false);
        if (!read.Succeeded)
        {
            return Failed(read.Status);
        }

        if (AppleDoubleFile.Read(head.AsSpan(0, read.Value), metadata.Value.Length) is not { } contents)
        {
            return new(source, AppleDoubleResult.NotAppleDouble);
        }

        var opened = await store.OpenAsync(target, StoreAccess.ReadWrite, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status == NtStatus.ObjectNameNotFound ? new(source, AppleDoubleResult.Orphan) : Failed(opened.Status);
        }

        var owner = opened.Value;
        await using var ownerUse = owner.ConfigureAwait(false);
        if (owner is not IStreamedFile streamed)
        {
            return Failed(NtStatus.NotSupported);
        }

        var same = await HaveOneOwnerAsync(file, owner, cancellationToken).ConfigureAwait(false);
        if (!same.Succeeded || !same.Value)
        {
            return same.Succeeded ? new(source, AppleDoubleResult.OtherOwner) : Failed(same.Status);
        }

        var missing = await FindMissingAsync(streamed, [.. PartsOf(file, contents)], cancellationToken).ConfigureAwait(false);
        if (!missing.Succeeded || missing.Value is null)
        {
            return missing.Succeeded ? new(source, AppleDoubleResult.Differs) : Failed(missing.Status);
        }

        var before = await owner.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var status = before.Status;
        foreach (var part in missing.Value)
        {
            status = status == NtStatus.Success ? await WriteAsync(streamed, part, cancellationToken).ConfigureAwait(false) : status;
        }

        if (status == NtStatus.Success && missing.Value.Count > 0)
        {
            // What was known of the file already is not news.
            var times = new FileMetadataChange { LastAccessTime = before.Value.LastAccessTime, LastWriteTime = before.Value.LastWriteTime };
            status = await owner.SetMetadataAsync(times, cancellationToken).ConfigureAwait(false);
            status = status == NtStatus.Success ? await owner.FlushAsync(cancellationToken).ConfigureAwait(false) : status;
        }

        return status == NtStatus.Success ? new(source, AppleDoubleResult.Converted) : Failed(status);
    }

    private static IEnumerable<AppleDoublePart> PartsOf(IStoreFile file, AppleDoubleFile contents)
    {
        var info = new byte[AfpInfo.Size];
        AfpInfo.WriteEmpty(info);
        contents.FinderInfo.CopyTo(info, AfpInfo.FinderInfoOffset);
        if (!AfpInfo.IsEmpty(info))
        {
            yield return AppleDoublePart.Of(AfpStream.Information, info);
        }

        if (contents.ResourceFork.Length > 0)
        {
            yield return AppleDoublePart.Of(AfpStream.ResourceFork, file, contents.ResourceFork);
        }

        foreach (var (stream, data) in contents.Attributes)
        {
            yield return AppleDoublePart.Of(stream, file, data);
        }
    }

    private static async ValueTask<NtResult<bool>> HaveOneOwnerAsync(IStoreFile left, IStoreFile right, CancellationToken cancellationToken)
    {
        if (left is not ISecurableFile leftSecured || right is not ISecurableFile rightSecured)
        {
            return true;
        }

        var first = await leftSecured.GetSecurityDescriptorAsync(cancellationToken).ConfigureAwait(false);
        var second = await rightSecured.GetSecurityDescriptorAsync(cancellationToken).ConfigureAwait(false);
        return !first.Succeeded ? first.Status
            : !second.Succeeded ? second.Status
            : OwnerOf(first.Value.Span) == OwnerOf(second.Value.Span);
    }

    /// <summary>Null for files without a descriptor, whose owner is the store's own.</summary>
    private static Sid? OwnerOf(ReadOnlySpan<byte> descriptor) =>
        SecurityDescriptor.Read(descriptor, out var read) == NtStatus.Success ? read!.Owner : null;

    /// <summary>The parts that the file does not have yet; null when it has one of them with other data.</summary>
    private static async ValueTask<NtResult<List<AppleDoublePart>?>> FindMissingAsync(
        IStreamedFile target, IReadOnlyList<AppleDoublePart> parts, CancellationToken cancellationToken)
    {
        var missing = new List<AppleDoublePart>();
        foreach (var part in parts)
        {
            var opened = await target.OpenStreamAsync(part.Stream, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
            if (!opened.Succeeded && opened.Status != NtStatus.ObjectNameNotFound)
            {
                return opened.Status;
            }

            if (!opened.Succeeded)
            {
                missing.Add(part);
                continue;
            }

            var stream = opened.Value;
            await using var streamUse = stream.ConfigureAwait(false);
            var metadata = await stream.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            if (metadata.Value.Length == 0 && part.Length > 0)
            {
                missing.Add(part);
                continue;
            }

            var same = await IsSameAsync(stream, metadata.Value.Length, part, cancellationToken).ConfigureAwait(false);
            if (!same.Succeeded || !same.Value)
            {
                return same.Succeeded ? new NtResult<List<AppleDoublePart>?>((List<AppleDoublePart>?)null) : same.Status;
            }
        }

        return missing;
    }

    private static async ValueTask<NtResult<bool>> IsSameAsync(
        IStoreStream stream, long length, AppleDoublePart part, CancellationToken cancellationToken)
    {
        if (length != part.Length)
        {
            return false;
        }

        var mine = new byte[Math.Min(CopySize, part.Length)];
        var other = new byte[mine.Length];
        for (long at = 0; at < length; at += mine.Length)
        {
            var count = (int)Math.Min(mine.Length, length - at);
            var left = await part.ReadAsync(at, mine.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            var right = await stream.ReadAsync(at, other.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            if (!left.Succeeded || !right.Succeeded)
            {
                return left.Succeeded ? right.Status : left.Status;
            }

            if (!mine.AsSpan(0, left.Value).SequenceEqual(other.AsSpan(0, right.Value)))
            {
                return false;
            }
        }

        return true;
    }

    private static async ValueTask<NtStatus> WriteAsync(IStreamedFile target, AppleDoublePart part, CancellationToken cancellationToken)
    {
        // One that was begun before and not finished is begun anew.
        var status = await target.DeleteStreamAsync(UnderWay, cancellationToken).ConfigureAwait(false);
        if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
        {
            return status;
        }

        var created = await target.CreateStreamAsync(UnderWay, cancellationToken).ConfigureAwait(false);
        if (!created.Succeeded)
        {
            return created.Status;
        }

        var stream = created.Value;
        await using (stream.ConfigureAwait(false))
        {
            status = await CopyAsync(part, stream, cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success)
        {
            return await target.RenameStreamAsync(UnderWay, part.Stream, replace: true, cancellationToken).ConfigureAwait(false);
        }

        await target.DeleteStreamAsync(UnderWay, cancellationToken).ConfigureAwait(false);
        return status;
    }

    private static async ValueTask<NtStatus> CopyAsync(AppleDoublePart part, IStoreStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Min(CopySize, part.Length)];
        for (long at = 0; at < part.Length; at += buffer.Length)
        {
            var data = buffer.AsMemory(0, (int)Math.Min(buffer.Length, part.Length - at));
            var read = await part.ReadAsync(at, data, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded || read.Value != data.Length)
            {
                return read.Succeeded ? NtStatus.EndOfFile : read.Status;
            }

            var status = await stream.WriteAsync(at, new ReadOnlySequence<byte>(data), cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        return await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private AppleDoubleOutcome Failed(NtStatus status) => new(source, AppleDoubleResult.Failed, status);
}
