using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>Reparse points that a CREATE encounters (MS-FSA 2.1.5.1).</summary>
internal static class ReparsePointTraversal
{
    /// <summary>
    /// Whether the reparse point is in the way, rather than being what is asked for: also of a CREATE that wants to make the file, as nobody has
    /// looked yet at what is where the link leads.
    /// </summary>
    public static bool StopsAtReparsePoint(this OngoingCreate create, FileObject file, StorePath path) =>
        !create.Has(CreateOptions.OpenReparsePoint) && !file.IsDeletePending(path);

    /// <summary>A symbolic link sends the client on; the server does not know what to do with any other kind.</summary>
    public static async ValueTask<CreateOutcome> StopAsync(IStoreFile handle, int unparsed, CancellationToken cancellationToken)
    {
        if (handle is not IReparseFile file)
        {
            return NtStatus.IoReparseTagNotHandled;
        }

        var found = await file.GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status == NtStatus.NotAReparsePoint ? NtStatus.ObjectPathNotFound : found.Status;
        }

        return new ReparsePoint(found.Value).Tag == ReparsePoint.Symlink
            ? CreateOutcome.Stopped(new SymlinkStop(found.Value, unparsed))
            : NtStatus.IoReparseTagNotHandled;
    }

    /// <summary>The path leads through a reparse point: finds the first one.</summary>
    public static async ValueTask<CreateOutcome> StopOnTheWayAsync(this OngoingCreate create, CancellationToken cancellationToken)
    {
        var text = create.Path.Path.Text;
        var names = 0;
        for (var cut = text.IndexOf('\\'); cut >= 0; cut = text.IndexOf('\\', cut + 1))
        {
            names++;
            var opened = await create.Store.OpenAsync(new StorePath(text[..cut]), StoreAccess.Metadata, cancellationToken)
                .ConfigureAwait(false);
            if (!opened.Succeeded)
            {
                break;
            }

            var handle = opened.Value;
            await using var handleUse = handle.ConfigureAwait(false);
            var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (metadata.Succeeded && metadata.Value.ReparseTag != 0)
            {
                return await StopAsync(handle, LengthBehind(create.Parameters.Path, names), cancellationToken).ConfigureAwait(false);
            }
        }

        return NtStatus.ObjectPathNotFound; // gone meanwhile
    }

    /// <summary>
    /// The part of the client's path after a number of names; it may have written short names for some, and <c>.</c> and <c>..</c> between them.
    /// </summary>
    private static int LengthBehind(string path, int names)
    {
        var depth = 0;
        var behind = 0;
        for (var start = path.StartsWith('\\') ? 1 : 0; start < path.Length;)
        {
            var end = path.AsSpan(start).IndexOfAny('\\', '/') is var length and >= 0 ? start + length : path.Length;
            depth += path.AsSpan(start, end - start) switch { "." => 0, ".." => -1, _ => 1 };
            if (depth == names && path.AsSpan(start, end - start) is not ("." or ".."))
            {
                behind = path.Length - end;
            }

            start = end + 1;
        }

        return behind;
    }
}
