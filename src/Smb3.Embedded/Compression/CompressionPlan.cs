using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>
/// What becomes of a message when it is compressed: its beginning, which is no data, stays as it is; runs of one byte at both ends of the data are
/// told as such where messages are chained; what is between them is compressed, or not. Made by looking at the message once.
/// </summary>
internal readonly record struct CompressionPlan
{
    /// <summary>From so many bytes on, compressing takes longer than to go to another thread for it.</summary>
    public const int LargeData = 256 * 1024;

    /// <summary>The shortest run of one byte that is told as such (MS-SMB2 3.1.4.4.1).</summary>
    private const int LeastRun = 64;

    /// <summary>What is not shorter by this part is sent as it is: the receiver has work with it.</summary>
    private const int LeastGain = 16;

    /// <summary>What a chain has around its data: its own header, that of the beginning, and a run at each end.</summary>
    private const int MostHeaders = CompressionTransformHeader.ChainedSize + CompressionPayloadHeader.Size
        + (2 * (CompressionPayloadHeader.Size + CompressionPayloadHeader.PatternSize));

    private CompressionPlan(CompressionAgreement agreement, int length, int leading, int front, int back, bool compresses)
    {
        IsChained = agreement.IsChained;
        Codec = compresses ? agreement.Codec : null;
        Length = length;
        Leading = leading;
        Front = front;
        Back = back;
    }

    /// <summary>Whether the message may be made of several payloads.</summary>
    public bool IsChained { get; }

    /// <summary>What the data between the runs is compressed with; <see langword="null"/>: it stays as it is.</summary>
    public Smb2CompressionAlgorithm? Codec { get; }

    /// <summary>Bytes of the message.</summary>
    public int Length { get; }

    /// <summary>Bytes of its beginning that stay as they are.</summary>
    public int Leading { get; }

    /// <summary>How often the first byte of the data is repeated; 0: too seldom to tell.</summary>
    public int Front { get; }

    /// <summary>The same of the last byte.</summary>
    public int Back { get; }

    /// <summary>The data between the runs.</summary>
    public Range Middle => (Leading + Front)..(Length - Back);

    /// <summary>The most bytes that the compressed message may have.</summary>
    public int MostWritten => MostFor(Length);

    /// <summary>Whether the data between the runs is compressed in pieces.</summary>
    public bool IsCut => IsChained && Codec is not null && PieceCompressor.Cuts(MiddleLength);

    /// <summary>Bytes of the room in which it is compressed.</summary>
    public int Room => IsCut ? MostHeaders + Leading + PieceCompressor.RoomFor(MiddleLength) : Length;

    /// <summary>Whether it should not be done by a thread that others wait for.</summary>
    public bool TakesLong => Codec is not null && MiddleLength >= LargeData;

    /// <summary>Makes the plan.</summary>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="message">The message.</param>
    /// <param name="leading">How much of its beginning is no data.</param>
    /// <param name="plan">The plan.</param>
    /// <returns>False: a look at a little of it says that nothing is to be gained.</returns>
    public static bool TryMake(CompressionAgreement agreement, ReadOnlySpan<byte> message, int leading, out CompressionPlan plan)
    {
        plan = default;
        if (message.Length - leading < CompressionSample.LeastData)
        {
            return false;
        }

        var data = message[leading..];
        var (front, back) = agreement.HasPatterns ? RunsOf(data) : default;
        var compresses = agreement.Codec is not null && CompressionSample.MayGain(data[front..^back]);
        if (!compresses && message.Length - front - back > MostFor(message.Length))
        {
            return false;
        }

        plan = new CompressionPlan(agreement, message.Length, leading, front, back, compresses);
        return true;
    }

    private int MiddleLength => Length - Leading - Front - Back;

    private static int MostFor(int length) => length - (length / LeastGain);

    /// <summary>How long the runs of one byte at both ends are; 0 where one is too short to tell.</summary>
    private static (int Front, int Back) RunsOf(ReadOnlySpan<byte> data)
    {
        var other = data.IndexOfAnyExcept(data[0]);
        if (other < 0)
        {
            return (data.Length, 0);
        }

        var front = other < LeastRun ? 0 : other;
        var back = data.Length - 1 - data.LastIndexOfAnyExcept(data[^1]);
        return (front, back < LeastRun ? 0 : back);
    }
}
