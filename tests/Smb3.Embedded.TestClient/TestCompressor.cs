using System.Buffers.Binary;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient;

/// <summary>The client's side of what was agreed on compression.</summary>
internal sealed class TestCompressor(CompressionAgreement agreement)
{
    private const int Leading = 112; // header and fixed part of a WRITE
    private const int Longest = 16 << 20;

    private readonly CodecPool _codecs = new();

    /// <summary>What the server has agreed to.</summary>
    public CompressionAgreement Agreement => agreement;

    /// <summary>Messages that came compressed.</summary>
    public int Received { get; private set; }

    /// <summary>Bytes of the compressed message that came last.</summary>
    public int LastSize { get; private set; }

    /// <summary>Reads the server's context; <see langword="null"/> where it says that there is nothing in common.</summary>
    public static TestCompressor? Of(byte[] context)
    {
        var algorithms = new List<Smb2CompressionAlgorithm>();
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(context); i++)
        {
            algorithms.Add((Smb2CompressionAlgorithm)BinaryPrimitives.ReadUInt16LittleEndian(context.AsSpan(8 + (2 * i))));
        }

        var isChained = (BinaryPrimitives.ReadUInt32LittleEndian(context.AsSpan(4)) & 1) != 0;
        return algorithms is [Smb2CompressionAlgorithm.None] ? null : new TestCompressor(new CompressionAgreement(algorithms, isChained));
    }

    /// <summary>Compresses messages; fails where they do not become shorter.</summary>
    public byte[] Compress(byte[] messages) => TryCompress(messages) ?? throw new SmbTestException("The messages do not become shorter.");

    /// <summary>Does so; <see langword="null"/> where they do not.</summary>
    public byte[]? TryCompress(byte[] messages)
    {
        var written = 0;
        byte[] target = [];
        if (CompressionPlan.TryMake(agreement, messages, Leading, out var plan))
        {
            target = new byte[plan.Room];
            written = MessageCompressor.TryCompress(plan, _codecs, messages, target);
        }

        return written > 0 ? target[..written] : null;
    }

    /// <summary>Decompresses what the server sent.</summary>
    public byte[] Decompress(byte[] received)
    {
        if (!MessageDecompressor.TryReadSize(received, agreement, Longest, out var size))
        {
            throw new InvalidDataException("A compressed message of the server is not of the kind that was agreed.");
        }

        var message = new byte[size];
        if (!MessageDecompressor.TryDecompress(received, agreement, _codecs, message))
        {
            throw new InvalidDataException("A message of the server does not decompress.");
        }

        Received++;
        LastSize = received.Length;
        return message;
    }
}
