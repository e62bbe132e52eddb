using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

// The nature of the inode (sparse, compressed, a reparse point) and its object id.
internal abstract partial class LinuxHandle : ICompressibleFile, IReparseFile, IObjectIdFile, IShortNameDirectory
{
    private const int ObjectIdSize = 64; // FILE_OBJECTID_BUFFER (MS-FSCC 2.1.3.1)

    private static ReadOnlySpan<byte> ObjectIdName => "user.smb3.objectid\0"u8;

    private static ReadOnlySpan<byte> ShortNamesName => "user.smb3.shortnames\0"u8;

    /// <inheritdoc cref="ISparseFile.SetSparseAsync"/>
    public ValueTask<NtStatus> SetSparseAsync(bool sparse, CancellationToken cancellationToken) =>
        new(ChangeRecord(old => old with
        {
            Attributes = sparse ? old.Attributes | FileAttributes.SparseFile : old.Attributes & ~FileAttributes.SparseFile,
        }));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken) =>
        volume.Data.RunAsync(() => SetCompressed(compressed).ToStatus());

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken)
    {
        if (InodeExtras.RecordOf(file) is not { ReparseTag: not 0 })
        {
            return new(NtStatus.NotAReparsePoint);
        }

        var error = AttributeCalls.Get(file, InodeExtras.ReparseName, out var value);
        return error == 0 ? new(new ReadOnlyMemory<byte>(value))
            : new(error == Errno.NoData ? NtStatus.NotAReparsePoint : error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        // The data first: a tag without data does not count.
        var status = AttributeCalls.Set(file, InodeExtras.ReparseName, buffer.Span).ToStatus();
        return new(status == NtStatus.Success ? SetReparseTag(BinaryPrimitives.ReadUInt32LittleEndian(buffer.Span)) : status);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken)
    {
        if (InodeExtras.RecordOf(file) is not { ReparseTag: not 0 })
        {
            return new(NtStatus.NotAReparsePoint);
        }

        var status = SetReparseTag(0);
        if (status == NtStatus.Success)
        {
            _ = AttributeCalls.Remove(file, InodeExtras.ReparseName);
        }

        return new(status);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(CancellationToken cancellationToken)
    {
        var error = AttributeCalls.Get(file, ObjectIdName, out var value);
        if (error == 0 && value.Length != ObjectIdSize)
        {
            volume.Attributes.Faults.Report(file, ObjectIdName);
            value = [];
        }

        return error is 0 or Errno.NoData ? new(new ReadOnlyMemory<byte>(value)) : new(error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        var error = buffer.IsEmpty ? AttributeCalls.Remove(file, ObjectIdName) : AttributeCalls.Set(file, ObjectIdName, buffer.Span);
        return new(error == Errno.NoData ? NtStatus.Success : error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetShortNamesAsync(CancellationToken cancellationToken)
    {
        if (!volume.HasAttributes)
        {
            return new(ReadOnlyMemory<byte>.Empty);
        }

        var error = AttributeCalls.Get(file, ShortNamesName, out var value);
        return error is 0 or Errno.NoData ? new(new ReadOnlyMemory<byte>(value)) : new(error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetShortNamesAsync(ReadOnlyMemory<byte> names, CancellationToken cancellationToken)
    {
        if (!volume.HasAttributes)
        {
            return new(NtStatus.ShortNamesNotEnabledOnVolume);
        }

        var error = names.IsEmpty ? AttributeCalls.Remove(file, ShortNamesName) : AttributeCalls.Set(file, ShortNamesName, names.Span);
        return new(error == Errno.NoData ? NtStatus.Success : error.ToStatus());
    }

    /// <summary>Sets the flag of chattr +c. A directory is only a place so far, and must be opened for this.</summary>
    private unsafe Errno SetCompressed(bool compressed)
    {
        using var open = OwnOpen.Start(volume.Leases, file, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out var error);
        if (open.File is not { } descriptor)
        {
            return error;
        }

        uint flags = 0;
        if (Native.Control(descriptor, Native.GetFlagsRequest, &flags) != 0)
        {
            return Native.LastError;
        }

        flags = compressed ? (flags | Native.CompressFlag) & ~Native.NoCompressFlag : flags & ~Native.CompressFlag;
        return Native.Control(descriptor, Native.SetFlagsRequest, &flags) == 0 ? 0 : Native.LastError;
    }

    private NtStatus SetReparseTag(uint tag) => ChangeRecord(old => old with
    {
        ReparseTag = tag,
        Attributes = tag != 0 ? old.Attributes | FileAttributes.ReparsePoint : old.Attributes & ~FileAttributes.ReparsePoint,
    });

    private NtStatus ChangeRecord(Func<DosRecord, DosRecord> change)
    {
        if (!volume.HasAttributes)
        {
            return NtStatus.NotSupported;
        }

        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (volume.AttributeLocks.Of(stat))
        {
            return WriteRecord(change(InodeExtras.RecordOf(file) ?? new DosRecord(DosRecord.DefaultAttributes(stat), null, null, default))).ToStatus();
        }
    }
}
