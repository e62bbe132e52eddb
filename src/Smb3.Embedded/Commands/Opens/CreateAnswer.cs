using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Errors;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>The answer to a CREATE on a disk share, and what it waits for.</summary>
internal static class CreateAnswer
{
    /// <summary>
    /// Completes when what a CREATE has done is safe. Its replay waits for that too: the first one may not have come to its end, and after a
    /// crash the handle can be known while the file that was made is not on the disk yet.
    /// </summary>
    public static ValueTask<NtStatus> SettleAsync(FileOpen open, CreateAction action) =>
        action == CreateAction.Opened ? open.State.CommitAsync() : open.SettleAsync();

    /// <summary>Answers a CREATE that was carried out before, as it is now.</summary>
    public static async ValueTask<NtStatus> RepeatAsync(CreateCall call, FileHandle handle)
    {
        var token = call.Request.Token;
        var metadata = await handle.File.GetMetadataAsync(token).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var facts = await CreateFacts.GatherAsync(handle.File, call.Asked, token).ConfigureAwait(false);

        // What the first one has made may still be on its way to the disk and into the journal.
        facts = facts with { Caching = handle.File.Grant?.Show() };
        var action = handle.Global!.Facts.Action;
        var safe = await SettleAsync(handle.File, action).ConfigureAwait(false);
        if (safe == NtStatus.Success)
        {
            Write(call, handle, CreateOutcome.Opened(handle.File, action, metadata.Value), facts, call.Level);
        }

        return safe;
    }

    /// <summary>Writes the answer.</summary>
    /// <param name="call">The CREATE.</param>
    /// <param name="handle">The open.</param>
    /// <param name="outcome">What CREATE did.</param>
    /// <param name="facts">What only the store knows.</param>
    /// <param name="atMost">The highest oplock level that is told.</param>
    public static void Write(
        in CreateCall call, FileHandle handle, in CreateOutcome outcome, in CreateFacts facts, Smb2OplockLevel atMost = Smb2OplockLevel.Lease)
    {
        var (request, asked) = (call.Request, call.Asked);
        var maximal = facts.MaximalAccess;
        request.SetRelatedOpen(handle);
        var body = request.Append(CreateResponse.FixedSize + CreateContextWriter.MaxResponseSize);
        var contexts = new CreateContextWriter(body[CreateResponse.ContextsOffset..]);
        if (asked.MaximalAccess is { } query)
        {
            // MS-SMB2 2.2.14.2.5: only when the file is newer than what the client knows.
            var unchanged = query.Timestamp is { } known && known == outcome.Metadata.LastWriteTime;
            contexts.MaximalAccess(
                unchanged ? NtStatus.NoneMapped : maximal.Status, unchanged || !maximal.Succeeded ? FileAccessMask.None : maximal.Value);
        }

        if (asked.OnDiskId)
        {
            contexts.OnDiskId(outcome.Metadata.FileId, facts.VolumeSerial);
        }

        // A durable handle comes with the cached handle; a persistent one does not depend on it (MS-SMB2 3.3.5.9.10).
        if (atMost >= Smb2OplockLevel.Batch || handle.Global is { Kind: DurableKind.Persistent })
        {
            DurableOpening.Write(handle, call.Durable, ref contexts);
        }

        if (facts.Posix is { } posix)
        {
            PosixCommands.Answer(posix, ref contexts);
        }

        if (asked.Apple is { } apple)
        {
            AppleContext.Write(request, handle, apple, request.Graph.Settings.AppleModel, ref contexts);
        }

        var level = CachingContext.Write(handle.File, facts.Caching, ref contexts);
        var length = CreateResponse.Write(
            body, handle.FileId, level < atMost ? level : atMost, outcome.Action, outcome.Metadata.ToNetworkOpen(), contexts.Length);
        request.TrimBody(length);
    }

    /// <summary>MS-SMB2 2.2.2.2.1: the client learns where the link leads and goes on by itself.</summary>
    public static void WriteSymlink(Request request, SymlinkStop link)
    {
        if (!ReparseDataBuffer.TryParse(link.Buffer.Span, out var buffer)
            || !buffer.TryGetSymlink(out var substituteName, out var printName, out var isRelative))
        {
            return;
        }

        var asContext = request.Connection.Negotiated!.Dialect == Smb2Dialect.Smb311;
        var size = SymlinkErrorResponse.Size(substituteName, printName);
        var body = request.Append(ErrorResponse.Size(asContext, size));
        SymlinkErrorResponse.Write(
            ErrorResponse.WriteWithData(body, asContext, ErrorContextId.Default, size),
            substituteName, printName, link.UnparsedLength, isRelative);
        request.KeepBody();
    }
}
