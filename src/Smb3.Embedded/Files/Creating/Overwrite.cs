using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>Resets an existing file as if it were new.</summary>
internal static class Overwrite
{
    /// <summary>Resets the file of an open.</summary>
    /// <param name="open">The open.</param>
    /// <param name="plan">What the file gets.</param>
    /// <param name="supersedes">Whether it loses its old attributes.</param>
    /// <param name="old">What it was before, perhaps already in part what it becomes: this can be done twice.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> OverwriteAsync(
        this FileOpen open, CreatePlan plan, bool supersedes, FileMetadata old, CancellationToken cancellationToken)
    {
        open.File.Times.BeforeWrite(open);
        open.File.NoteChange();
        var status = await open.Handle.SetLengthAsync(0, cancellationToken).ConfigureAwait(false);
        open.File.NoteChange();
        if (status == NtStatus.Success && plan.AllocationSize > 0)
        {
            status = await open.Handle.AllocateAsync(plan.AllocationSize, cancellationToken).ConfigureAwait(false);
        }

        if (status != NtStatus.Success)
        {
            return status;
        }

        // Attributes, and the other streams, do not concern a stream.
        if (open.File.IsStream)
        {
            return await open.Handle.SetMetadataAsync(new FileMetadataChange { LastWriteTime = open.Volume.Now() }, cancellationToken)
                .ConfigureAwait(false);
        }

        status = await open.ReplaceExtrasAsync(plan, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var attributes = plan.Attributes;
        if (!supersedes)
        {
            attributes |= old.Attributes & SetBasicOperation.SettableAttributes;
        }

        return await open.Handle.SetMetadataAsync(
            new FileMetadataChange { Attributes = attributes, LastWriteTime = open.Volume.Now() }, cancellationToken)
                .ConfigureAwait(false);
    }

    /// <summary>
    /// An overwritten file loses its streams, and keeps only the extended attributes of the request (MS-FSA 2.1.5.1.2).
    /// </summary>
    private static async ValueTask<NtStatus> ReplaceExtrasAsync(this FileOpen open, CreatePlan plan, CancellationToken cancellationToken)
    {
        if (open.Volume.Store.Traits.Has(StoreAbilities.NamedStreams) && open.Handle is IStreamedFile streamed)
        {
            var streams = await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
            if (!streams.Succeeded)
            {
                return streams.Status;
            }

            foreach (var stream in streams.Value)
            {
                var gone = await streamed.DeleteStreamAsync(stream.Name, cancellationToken).ConfigureAwait(false);
                if (gone is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
                {
                    return gone;
                }
            }

            open.File.RemoveStreams();
        }

        if (!open.Volume.Store.Traits.Has(StoreAbilities.ExtendedAttributes) || open.Handle is not IExtendedAttributeFile attributed)
        {
            return NtStatus.Success;
        }

        var old = await attributed.GetExtendedAttributesAsync(cancellationToken).ConfigureAwait(false);
        if (!old.Succeeded)
        {
            return old.Status;
        }

        var changes = new List<ExtendedAttribute>(plan.ExtendedAttributes);
        var names = changes.Select(static change => change.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var attribute in old.Value)
        {
            if (!names.Contains(attribute.Name))
            {
                changes.Add(new ExtendedAttribute(attribute.Name, default));
            }
        }

        return changes.Count == 0 ? NtStatus.Success : await attributed.SetExtendedAttributesAsync(changes, cancellationToken)
            .ConfigureAwait(false);
    }
}
