namespace Smb3.Embedded.Wire.Io;

/// <summary>Flags of CLOSE, request and response (MS-SMB2 2.2.15 and 2.2.16).</summary>
[Flags]
internal enum CloseFlags : ushort
{
    None = 0,

    /// <summary>The client wants times, sizes and attributes; the response repeats the flag when it has them.</summary>
    PostQueryAttributes = 0x0001,
}

/// <summary>Flags of READ, SMB 3.0.2 and later (MS-SMB2 2.2.19).</summary>
[Flags]
internal enum ReadFlags : byte
{
    None = 0,
    Unbuffered = 0x01,
    RequestCompressed = 0x02,
}

/// <summary>Flags of WRITE (MS-SMB2 2.2.21).</summary>
[Flags]
internal enum WriteFlags : uint
{
    None = 0,
    WriteThrough = 0x00000001,
    Unbuffered = 0x00000002,
}
