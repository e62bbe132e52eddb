using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Create.Contexts;

/// <summary>
/// One create context (MS-SMB2 2.2.13.2): Next (4), NameOffset (2), NameLength (2), Reserved (2), DataOffset (2), DataLength (4), Buffer.
/// The typed views return false when the data is too short for its type. They do not check the name: the caller has done that.
/// </summary>
internal readonly ref struct CreateContext
{
    public const int HeaderSize = 16;

    public CreateContext(ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> data)
    {
        NameBytes = nameBytes;
        Data = data;
        Name = ToName(nameBytes);
    }

    public CreateContextName Name { get; }

    /// <summary>The name as sent; four or sixteen bytes for all that are known.</summary>
    public ReadOnlySpan<byte> NameBytes { get; }

    public ReadOnlySpan<byte> Data { get; }

    /// <summary>The name's bytes as they go onto the wire; empty for <see cref="CreateContextName.Unknown"/>.</summary>
    public static ReadOnlySpan<byte> NameOf(CreateContextName name) => name switch
    {
        CreateContextName.Unknown => default,
        CreateContextName.ExtendedAttributes => "ExtA"u8,
        CreateContextName.SecurityDescriptor => "SecD"u8,
        CreateContextName.DurableHandleRequest => "DHnQ"u8,
        CreateContextName.DurableHandleReconnect => "DHnC"u8,
        CreateContextName.AllocationSize => "AlSi"u8,
        CreateContextName.QueryMaximalAccess => "MxAc"u8,
        CreateContextName.TimewarpToken => "TWrp"u8,
        CreateContextName.QueryOnDiskId => "QFid"u8,
        CreateContextName.RequestLease => "RqLs"u8,
        CreateContextName.DurableHandleRequestV2 => "DH2Q"u8,
        CreateContextName.DurableHandleReconnectV2 => "DH2C"u8,
        CreateContextName.Apple => "AAPL"u8,
        CreateContextName.AppInstanceId =>
            [0x45, 0xBC, 0xA6, 0x6A, 0xEF, 0xA7, 0xF7, 0x4A, 0x90, 0x08, 0xFA, 0x46, 0x2E, 0x14, 0x4D, 0x74],
        CreateContextName.AppInstanceVersion =>
            [0xB9, 0x82, 0xD0, 0xB7, 0x3B, 0x56, 0x07, 0x4F, 0xA0, 0x7B, 0x52, 0x4A, 0x81, 0x16, 0xA0, 0x10],
        CreateContextName.SvhdxOpenDevice =>
            [0x9C, 0xCB, 0xCF, 0x9E, 0x04, 0xC1, 0xE6, 0x43, 0x98, 0x0E, 0x15, 0x8D, 0xA1, 0xF6, 0xEC, 0x83],
        CreateContextName.Posix =>
            [0x93, 0xAD, 0x25, 0x50, 0x9C, 0xB4, 0x11, 0xE7, 0xB4, 0x23, 0x83, 0xDE, 0x96, 0x8B, 0xCD, 0x7C],
        _ => default,
    };

    /// <summary>"DHnC": the handle to reconnect to (MS-SMB2 2.2.13.2.4).</summary>
    public bool TryGetDurableHandleReconnect(out Smb2FileId fileId)
    {
        fileId = Data.Length < Smb2FileId.Size ? default : Smb2FileId.Read(Data, 0);
        return Data.Length >= Smb2FileId.Size;
    }

    /// <summary>"DHnQ": sixteen reserved bytes (MS-SMB2 2.2.13.2.3).</summary>
    public bool IsDurableHandleRequest() => Data.Length >= 16;

    /// <summary>"AlSi" (MS-SMB2 2.2.13.2.2).</summary>
    public bool TryGetAllocationSize(out long size)
    {
        size = Data.Length < 8 ? 0 : Data.Int64(0);
        return Data.Length >= 8;
    }

    /// <summary>"MxAc": empty, or a timestamp.</summary>
    public bool TryGetMaximalAccessQuery(out MaximalAccessQuery query)
    {
        query = Data.Length >= 8 ? new MaximalAccessQuery(new FileTime(Data.Int64(0))) : default;
        return Data.Length is 0 or >= 8;
    }

    /// <summary>"TWrp" (MS-SMB2 2.2.13.2.7).</summary>
    public bool TryGetTimewarpToken(out FileTime time)
    {
        time = Data.Length < 8 ? default : new FileTime(Data.Int64(0));
        return Data.Length >= 8;
    }

    /// <summary>"RqLs": the length of the data is its version.</summary>
    public bool TryGetLease(out LeaseContext lease)
    {
        lease = default;
        if (Data.Length is not (LeaseContext.SizeV1 or LeaseContext.SizeV2))
        {
            return false;
        }

        var second = Data.Length == LeaseContext.SizeV2;
        lease = new LeaseContext
        {
            Version = second ? 2 : 1,
            LeaseKey = Data.Guid(0),
            State = (Smb2LeaseState)Data.UInt32(16),
            Flags = (LeaseFlags)Data.UInt32(20),
            ParentLeaseKey = second ? Data.Guid(32) : default,
            Epoch = second ? Data.UInt16(48) : (ushort)0,
        };
        return true;
    }

    /// <summary>"DH2Q".</summary>
    public bool TryGetDurableHandleRequestV2(out DurableHandleRequestV2 request)
    {
        request = Data.Length < 32 ? default : new(Data.UInt32(0), (DurableHandleFlags)Data.UInt32(4), Data.Guid(16));
        return Data.Length >= 32;
    }

    /// <summary>"DH2C".</summary>
    public bool TryGetDurableHandleReconnectV2(out DurableHandleReconnectV2 reconnect)
    {
        reconnect = Data.Length < 36 ? default : new(Smb2FileId.Read(Data, 0), Data.Guid(16), (DurableHandleFlags)Data.UInt32(32));
        return Data.Length >= 36;
    }

    /// <summary>SMB2_CREATE_APP_INSTANCE_ID (MS-SMB2 2.2.13.2.13): StructureSize 20, Reserved (2), AppInstanceId (16).</summary>
    public bool TryGetAppInstanceId(out Guid id)
    {
        var valid = Data.Length >= 20 && Data.UInt16(0) == 20;
        id = valid ? Data.Guid(4) : default;
        return valid;
    }

    /// <summary>SMB2_CREATE_APP_INSTANCE_VERSION: StructureSize 24, Reserved (2), Padding (4), High (8), Low (8).</summary>
    public bool TryGetAppInstanceVersion(out AppInstanceVersion version)
    {
        var valid = Data.Length >= 24 && Data.UInt16(0) == 24;
        version = valid ? new(Data.UInt64(8), Data.UInt64(16)) : default;
        return valid;
    }

    private static CreateContextName ToName(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
        {
            return CreateContextName.Unknown;
        }

        var name = (CreateContextName)BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return name != CreateContextName.Unknown && bytes.SequenceEqual(NameOf(name)) ? name : CreateContextName.Unknown;
    }
}
