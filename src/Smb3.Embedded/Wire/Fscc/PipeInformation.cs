namespace Smb3.Embedded.Wire.Fscc;

/// <summary>FilePipeInformation (MS-FSCC 2.4): ReadMode (4; 1: messages), CompletionMode (4; 1: do not wait).</summary>
internal readonly record struct PipeInformation(uint ReadMode, uint CompletionMode)
{
    public const int Size = 8;

    public static bool TryParse(ReadOnlySpan<byte> buffer, out PipeInformation information)
    {
        information = buffer.Length < Size ? default : new(buffer.UInt32(0), buffer.UInt32(4));
        return buffer.Length >= Size;
    }

    public void Write(Span<byte> target)
    {
        target.Put(0, ReadMode);
        target.Put(4, CompletionMode);
    }
}

/// <summary>FilePipeLocalInformation (MS-FSCC 2.4): ten numbers of four bytes, in this order.</summary>
internal readonly record struct PipeLocalInformation
{
    public const int Size = 40;

    /// <summary>1: the pipe carries messages.</summary>
    public uint NamedPipeType { get; init; }

    /// <summary>0: data comes in, 1: goes out, 2: both.</summary>
    public uint NamedPipeConfiguration { get; init; }

    public uint MaximumInstances { get; init; }

    public uint CurrentInstances { get; init; }

    public uint InboundQuota { get; init; }

    public uint ReadDataAvailable { get; init; }

    public uint OutboundQuota { get; init; }

    public uint WriteQuotaAvailable { get; init; }

    /// <summary>1: disconnected, 2: listening, 3: connected, 4: closing.</summary>
    public uint NamedPipeState { get; init; }

    /// <summary>0: the client's end, 1: the server's.</summary>
    public uint NamedPipeEnd { get; init; }

    public void Write(Span<byte> target)
    {
        target.Put(0, NamedPipeType);
        target.Put(4, NamedPipeConfiguration);
        target.Put(8, MaximumInstances);
        target.Put(12, CurrentInstances);
        target.Put(16, InboundQuota);
        target.Put(20, ReadDataAvailable);
        target.Put(24, OutboundQuota);
        target.Put(28, WriteQuotaAvailable);
        target.Put(32, NamedPipeState);
        target.Put(36, NamedPipeEnd);
    }
}

/// <summary>FilePipeRemoteInformation (MS-FSCC 2.4): CollectDataTime (8), MaximumCollectionCount (4).</summary>
internal readonly record struct PipeRemoteInformation(long CollectDataTime, uint MaximumCollectionCount)
{
    public const int Size = 12;

    public void Write(Span<byte> target)
    {
        target.Put(0, CollectDataTime);
        target.Put(8, MaximumCollectionCount);
    }
}
