using System.Text;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.EndpointMapper;

/// <summary>
/// The endpoint mapper (C706 appendix O, MS-RPCE 2.2.1.2): tells anybody at which port an interface is. Nobody can change what it tells.
/// </summary>
internal sealed class EndpointMapperInterface(IReadOnlyList<MappedEndpoint> endpoints) : IRpcInterface
{
    private const ushort Insert = 0;
    private const ushort Delete = 1;
    private const ushort Lookup = 2;
    private const ushort Map = 3;
    private const ushort LookupHandleFree = 4;
    private const ushort InquireObject = 5;
    private const ushort ManagementDelete = 6;

    private const uint NotRegistered = 0x16C9A0D6; // ept_s_not_registered
    private const int AnnotationSize = 64;

    /// <summary>The most that one answer can be asked to hold: the range of the parameter in MS-RPCE 2.2.1.2.4.</summary>
    private const uint MaxEntries = 500;

    /// <summary>The inquiry types of ept_lookup: which of object and interface decide.</summary>
    private enum Inquiry : uint
    {
        All,
        ByInterface,
        ByObject,
        ByBoth,
    }

    /// <summary>How the version of an interface must match (C706 appendix O).</summary>
    private enum VersionOption : uint
    {
        All = 1,
        Compatible,
        Exact,
        MajorOnly,
        UpTo,
    }

    public RpcSyntax Syntax { get; } = new(new Guid("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3, 0);

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation) => new(call.Opnum switch
    {
        Insert or Delete or ManagementDelete => RpcStatus.AccessDenied,
        Lookup => Look(call, output),
        Map => MapTower(call, output),
        LookupHandleFree => Free(call, output),
        InquireObject => Inquire(output),
        _ => RpcStatus.OperationRangeError,
    });

    /// <summary>ept_lookup: goes on behind what the handle's earlier answers held.</summary>
    private RpcStatus Look(in RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var inquiry = (Inquiry)reader.ReadUInt32();
        Guid? wantedObject = reader.ReadPointer() ? reader.ReadGuid() : null;
        RpcSyntax? wanted = reader.ReadPointer() ? ReadInterface(ref reader) : null;
        var option = (VersionOption)reader.ReadUInt32();
        var handle = RpcHandleScope.Read(ref reader);
        var max = reader.ReadUInt32();
        if (reader.Failed || max > MaxEntries)
        {
            return RpcStatus.BadStubData;
        }

        var position = handle == Guid.Empty ? new Position() : call.Handles.Find<Position>(handle);
        if (position is null)
        {
            return RpcStatus.ContextMismatch;
        }

        var caller = call.Caller;
        MappedEndpoint[] found = [.. endpoints.Where(entry => entry.IsAt(caller.LocalAddress) && Matches(entry, inquiry, wantedObject, wanted, option))];
        MappedEndpoint[] part;
        lock (position)
        {
            part = [.. found.Skip(position.Next).Take((int)max)];
            position.Next += part.Length;
        }

        RpcHandleScope.Write(output, HandleAfter(call, handle, position, isOver: part.Length == 0 || part.Length < max));
        output.WriteUInt32((uint)part.Length);
        WriteEntries(output, part, max, caller);
        output.WriteUInt32(part.Length == 0 ? NotRegistered : 0);
        return RpcStatus.Ok;
    }

    /// <summary>ept_map: where the interface of a tower is.</summary>
    private RpcStatus MapTower(in RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        if (reader.ReadPointer())
        {
            reader.ReadGuid();
        }

        ReadOnlySpan<byte> bytes = default;
        if (reader.ReadPointer())
        {
            var size = reader.ReadCount(ProtocolTower.MaxLength, 1);
            var length = reader.ReadUInt32();
            if (length != (uint)size)
            {
                reader.Fail();
            }

            bytes = reader.ReadBytes(size);
        }

        reader.Align(4);
        RpcHandleScope.Read(ref reader);
        var max = reader.ReadUInt32();
        if (reader.Failed || max > MaxEntries)
        {
            return RpcStatus.BadStubData;
        }

        var caller = call.Caller;
        byte[][] towers = ProtocolTower.TryRead(bytes, out var wanted) && wanted.IsTcp && wanted.Transfer == RpcSyntax.Ndr
            ?
            [
                .. endpoints.Where(entry => entry.IsAt(caller.LocalAddress) && entry.Interface.Serves(wanted.Interface))
                    .Take((int)max)
                    .Select(entry => TowerOf(entry, caller)),
            ]
            : [];
        RpcHandleScope.Write(output, Guid.Empty);
        output.WriteUInt32((uint)towers.Length);
        WriteVaryingHeader(output, max, towers.Length);
        foreach (var tower in towers)
        {
            output.WritePointer();
        }

        foreach (var tower in towers)
        {
            WriteTower(output, tower);
        }

        output.Align(4);
        output.WriteUInt32(towers.Length == 0 ? NotRegistered : 0);
        return RpcStatus.Ok;
    }

    private static RpcStatus Free(in RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var handle = RpcHandleScope.Read(ref reader);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (handle != Guid.Empty && !call.Handles.Close(handle))
        {
            return RpcStatus.ContextMismatch;
        }

        RpcHandleScope.Write(output, Guid.Empty);
        output.WriteUInt32(0);
        return RpcStatus.Ok;
    }

    /// <summary>ept_inq_object: the mapper has no object.</summary>
    private static RpcStatus Inquire(NdrWriter output)
    {
        output.WriteGuid(Guid.Empty);
        output.WriteUInt32(0);
        return RpcStatus.Ok;
    }

    /// <summary>
    /// The handle that the next call goes on with. It is null when there was less to tell than was asked for, and nothing is left; or when
    /// there is no room for a handle.
    /// </summary>
    private static Guid HandleAfter(in RpcCall call, Guid handle, Position position, bool isOver)
    {
        if (!isOver)
        {
            return handle != Guid.Empty ? handle : call.Handles.Open(position) ?? Guid.Empty;
        }

        if (handle != Guid.Empty)
        {
            call.Handles.Close(handle);
        }

        return Guid.Empty;
    }

    private static RpcSyntax ReadInterface(ref NdrReader reader)
    {
        var uuid = reader.ReadGuid();
        return new RpcSyntax(uuid, reader.ReadUInt16(), reader.ReadUInt16());
    }

    private static bool Matches(MappedEndpoint entry, Inquiry inquiry, Guid? wantedObject, RpcSyntax? wanted, VersionOption option)
    {
        // No entry has an object.
        var byObject = wantedObject is null || wantedObject == Guid.Empty;
        var byInterface = wanted is { } syntax && Matches(entry.Interface, syntax, option);
        return inquiry switch
        {
            Inquiry.All => true,
            Inquiry.ByInterface => byInterface,
            Inquiry.ByObject => byObject,
            Inquiry.ByBoth => byObject && byInterface,
            _ => false,
        };
    }

    private static bool Matches(RpcSyntax served, RpcSyntax wanted, VersionOption option) => served.Uuid == wanted.Uuid && option switch
    {
        VersionOption.All => true,
        VersionOption.Compatible => served.Serves(wanted),
        VersionOption.Exact => served == wanted,
        VersionOption.MajorOnly => served.Major == wanted.Major,
        VersionOption.UpTo => served.Major < wanted.Major || (served.Major == wanted.Major && served.Minor <= wanted.Minor),
        _ => false,
    };

    /// <summary>Each ept_entry_t: object (16 bytes), pointer to the tower, annotation as a varying string; the towers follow.</summary>
    private static void WriteEntries(NdrWriter output, MappedEndpoint[] entries, uint max, RpcCaller caller)
    {
        WriteVaryingHeader(output, max, entries.Length);
        Span<byte> annotation = stackalloc byte[AnnotationSize];
        foreach (var entry in entries)
        {
            annotation.Clear();
            var length = Encoding.ASCII.GetBytes(
                entry.Annotation.AsSpan(0, Math.Min(entry.Annotation.Length, AnnotationSize - 1)), annotation);
            output.WriteGuid(Guid.Empty);
            output.WritePointer();
            output.WriteUInt32(0);
            output.WriteUInt32((uint)length + 1);
            output.WriteBytes(annotation[..(length + 1)]);
            output.Align(4);
        }

        foreach (var entry in entries)
        {
            WriteTower(output, TowerOf(entry, caller));
        }

        output.Align(4);
    }

    private static byte[] TowerOf(MappedEndpoint entry, RpcCaller caller) =>
        ProtocolTower.Write(entry.Interface, entry.AddressFor(caller.LocalAddress), entry.Listening.Port);

    /// <summary>The header of a conformant varying array: room, offset, number of elements.</summary>
    private static void WriteVaryingHeader(NdrWriter output, uint max, int count)
    {
        output.WriteUInt32(max);
        output.WriteUInt32(0);
        output.WriteUInt32((uint)count);
    }

    /// <summary>A twr_t: its conformance, its length, its bytes.</summary>
    private static void WriteTower(NdrWriter output, byte[] tower)
    {
        output.WriteUInt32((uint)tower.Length);
        output.WriteUInt32((uint)tower.Length);
        output.WriteBytes(tower);
    }

    /// <summary>How far an inquiry has come.</summary>
    private sealed class Position
    {
        public int Next { get; set; }
    }
}
