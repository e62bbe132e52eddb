using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>What an FSCTL applies to.</summary>
internal enum FsControlTarget
{
    /// <summary>Nothing that is open: the file id is all ones, or means nothing.</summary>
    None,

    /// <summary>An open file or directory.</summary>
    FileOrDirectory,

    /// <summary>An open file or stream; a directory is refused with STATUS_INVALID_PARAMETER.</summary>
    File,

    /// <summary>An open pipe.</summary>
    Pipe,

    /// <summary>Whatever is open.</summary>
    Anything,
}

/// <summary>One row of the <see cref="FsControlTable"/>. The checks run in the order of the properties.</summary>
internal sealed record FsControlRule(FsControlCode Code, FsControlTarget Target, IFsControl Control)
{
    /// <summary>
    /// What the store must be able to do; where it cannot, STATUS_INVALID_DEVICE_REQUEST is the answer, as of any object store that does
    /// not implement an operation (MS-FSA 2.1.5.10).
    /// </summary>
    public StoreAbilities Ability { get; init; }

    /// <summary>The open must have one of these rights; none: any open will do.</summary>
    public FileAccessMask Access { get; init; }

    /// <summary>The open must have one of these rights too.</summary>
    public FileAccessMask AndAccess { get; init; }

    /// <summary>Whether it changes something, and is refused where nothing may be changed.</summary>
    public bool Changes { get; init; }

    /// <summary>Bytes of input that it needs.</summary>
    public int Input { get; init; }

    /// <summary>Whether more input is answered like less.</summary>
    public bool IsExact { get; init; }

    /// <summary>The answer to less.</summary>
    public NtStatus ShortInput { get; init; } = NtStatus.InvalidParameter;

    /// <summary>Bytes of output that the client must have room for.</summary>
    public int Output { get; init; }

    /// <summary>The answer to less.</summary>
    public NtStatus ShortOutput { get; init; } = NtStatus.BufferTooSmall;

    /// <summary>The status that refuses a call, if anything does.</summary>
    public NtStatus Check(FsControlCall call)
    {
        if (Target is FsControlTarget.Pipe or FsControlTarget.None or FsControlTarget.Anything)
        {
            return Target == FsControlTarget.Pipe && call.Open is not PipeHandle ? NtStatus.InvalidDeviceRequest : CheckSizes(call);
        }

        if (call.Open is not FileHandle handle)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        var file = handle.File;
        var traits = file.Volume.Store.Traits;
        if (!traits.Has(Ability))
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (Target == FsControlTarget.File && file.IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        if ((Access != 0 && !file.HasAny(Access)) || (AndAccess != 0 && !file.HasAny(AndAccess)))
        {
            return NtStatus.AccessDenied;
        }

        return Changes && (handle.TreeConnect.Share.ReadOnly || traits.Has(StoreAbilities.ReadOnly))
            ? NtStatus.MediaWriteProtected
            : CheckSizes(call);
    }

    private NtStatus CheckSizes(FsControlCall call) =>
        call.Input.Length < Input || (IsExact && call.Input.Length > Input) ? ShortInput
        : call.MaxOutput < Output ? ShortOutput
        : NtStatus.Success;
}
