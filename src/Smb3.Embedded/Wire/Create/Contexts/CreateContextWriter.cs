using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Create.Contexts;

/// <summary>
/// Appends create contexts to a span, each on an 8-byte boundary, and links them (MS-SMB2 2.2.13.2 and 2.2.14.2). The span must
/// begin on such a boundary of the message, as <see cref="CreateResponse.ContextsOffset"/> does, and be long enough.
/// </summary>
internal ref struct CreateContextWriter
{
    /// <summary>Room for all the contexts that a server answers with, together.</summary>
    public const int MaxResponseSize = 512;

    private readonly Span<byte> _target;
    private int _last;

    public CreateContextWriter(Span<byte> target)
    {
        _target = target;
        _last = -1;
    }

    /// <summary>Bytes written; the last context is not padded.</summary>
    public int Length { get; private set; }

    /// <summary>"MxAc" (MS-SMB2 2.2.14.2.5).</summary>
    public void MaximalAccess(NtStatus queryStatus, FileAccessMask maximalAccess)
    {
        var data = Begin(CreateContextName.QueryMaximalAccess, 8);
        data.Put(0, (uint)queryStatus);
        data.Put(4, (uint)maximalAccess);
    }

    /// <summary>"QFid" (MS-SMB2 2.2.14.2.9): an id of the file and one of the volume, and sixteen reserved bytes.</summary>
    public void OnDiskId(ulong fileId, ulong volumeId)
    {
        var data = Begin(CreateContextName.QueryOnDiskId, 32);
        data.Put(0, fileId);
        data.Put(8, volumeId);
    }

    /// <summary>"DHnQ" (MS-SMB2 2.2.14.2.3): the handle is durable.</summary>
    public void DurableHandle() => Begin(CreateContextName.DurableHandleRequest, 8);

    /// <summary>"DH2Q" (MS-SMB2 2.2.14.2.12). <paramref name="timeout"/> is in milliseconds.</summary>
    public void DurableHandleV2(uint timeout, DurableHandleFlags flags)
    {
        var data = Begin(CreateContextName.DurableHandleRequestV2, 8);
        data.Put(0, timeout);
        data.Put(4, (uint)flags);
    }

    /// <summary>"RqLs" (MS-SMB2 2.2.14.2.10 and 2.2.14.2.11), in the version that the value says.</summary>
    public void Lease(in LeaseContext lease)
    {
        var data = Begin(CreateContextName.RequestLease, lease.Version == 2 ? LeaseContext.SizeV2 : LeaseContext.SizeV1);
        data.Put(0, lease.LeaseKey);
        data.Put(16, (uint)lease.State);
        data.Put(20, (uint)lease.Flags);
        if (lease.Version == 2)
        {
            data.Put(32, lease.ParentLeaseKey);
            data.Put(48, lease.Epoch);
        }
    }

    /// <summary>A context with data of its own making.</summary>
    public void Raw(CreateContextName name, scoped ReadOnlySpan<byte> data) => data.CopyTo(Begin(name, data.Length));

    /// <summary>Links a context with cleared data of this length and returns the data.</summary>
    public Span<byte> Begin(CreateContextName name, int dataLength) => Begin(CreateContext.NameOf(name), dataLength);

    public Span<byte> Begin(scoped ReadOnlySpan<byte> name, int dataLength)
    {
        var at = LittleEndian.Align8(Length);
        var dataOffset = LittleEndian.Align8(CreateContext.HeaderSize + name.Length);
        var size = dataLength == 0 ? CreateContext.HeaderSize + name.Length : dataOffset + dataLength;
        _target[Length..(at + size)].Clear();
        if (_last >= 0)
        {
            _target.Put(_last, (uint)(at - _last));
        }

        var context = _target.Slice(at, size);
        context.Put(4, (ushort)CreateContext.HeaderSize);
        context.Put(6, (ushort)name.Length);
        name.CopyTo(context[CreateContext.HeaderSize..]);
        if (dataLength != 0)
        {
            context.Put(10, (ushort)dataOffset);
            context.Put(12, (uint)dataLength);
        }

        _last = at;
        Length = at + size;
        return dataLength == 0 ? default : context.Slice(dataOffset, dataLength);
    }
}
