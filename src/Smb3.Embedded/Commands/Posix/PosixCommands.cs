using Smb3.Embedded.Commands.Info;
using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Posix;

namespace Smb3.Embedded.Commands.Posix;

/// <summary>The SMB 3.1.1 POSIX extensions, on shares that enable them, with clients that support them.</summary>
internal static class PosixCommands
{
    /// <summary>Whether a request may use them.</summary>
    public static bool AreSpoken(Request request) =>
        request.TreeConnect is { Share.Posix: true } && request.Connection.Negotiated is { Posix: true };

    /// <summary>QUERY_INFO of FILE_POSIX_INFORMATION.</summary>
    public static async ValueTask<NtStatus> QueryFileAsync(Request request, FileHandle handle, int length)
    {
        if (!handle.File.HasAny(FileAccessMask.ReadAttributes))
        {
            return NtStatus.AccessDenied;
        }

        var facts = await PosixFacts.ReadAsync(handle.File, request.Token).ConfigureAwait(false);
        if (!facts.Succeeded)
        {
            return facts.Status;
        }

        var information = Describe(facts.Value);
        if (length < information.Size)
        {
            return NtStatus.InfoLengthMismatch;
        }

        information.Write(InfoOutput.Begin(request, information.Size));
        return InfoOutput.End(request, NtStatus.Success, information.Size);
    }

    /// <summary>QUERY_INFO of FS_POSIX_INFORMATION.</summary>
    public static NtStatus QueryFileSystem(Request request, StoreTraits traits, in VolumeInformation volume, int length)
    {
        const uint TransferSize = 1 << 20;
        if (length < FsPosixInformation.Size)
        {
            return NtStatus.InfoLengthMismatch;
        }

        new FsPosixInformation(
            TransferSize,
            (uint)traits.AllocationUnit,
            volume.TotalBytes / traits.AllocationUnit,
            volume.FreeBytes / traits.AllocationUnit,
            volume.AvailableBytes / traits.AllocationUnit,
            volume.SerialNumber).Write(InfoOutput.Begin(request, FsPosixInformation.Size));
        return InfoOutput.End(request, NtStatus.Success, FsPosixInformation.Size);
    }

    /// <summary>An entry of QUERY_DIRECTORY.</summary>
    public static async ValueTask<PosixInformation> DescribeEntryAsync(
        Files.FileOpen directory, Files.Listing.DirectoryEntry entry, CancellationToken cancellationToken) =>
        Describe(await PosixFacts.ReadEntryAsync(directory, entry.Name, entry.Metadata, cancellationToken).ConfigureAwait(false))
            with { FileIndex = entry.Index };

    /// <summary>The context in the response of CREATE.</summary>
    public static void Answer(in PosixFacts facts, ref CreateContextWriter contexts)
    {
        var state = Describe(facts).State;
        state.Write(contexts.Begin(CreateContextName.Posix, state.Size));
    }

    /// <summary>A symbolic link has all permissions, as on every system: only those of its target matter.</summary>
    private static UnixFileMode ModeOf(in PosixFacts facts) =>
        facts.Type == PosixFileType.SymbolicLink ? (UnixFileMode)0b111_111_111 : facts.Metadata.UnixMode ?? 0;

    private static PosixInformation Describe(in PosixFacts facts)
    {
        var metadata = facts.Metadata;
        return new PosixInformation
        {
            File = metadata.ToNetworkOpen(),
            Inode = metadata.FileId,
            State = new PosixState(
                metadata.LinkCount,
                metadata.ReparseTag,
                PosixState.WireMode(ModeOf(facts), (int)facts.Type),
                facts.Owner,
                facts.Group),
        };
    }
}
