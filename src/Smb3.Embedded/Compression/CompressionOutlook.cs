namespace Smb3.Embedded.Compression;

/// <summary>
/// What looking at the data of an open has brought so far. Where nothing was to be gained, the next messages are not looked at, the more of them the
/// more often that was so: what cannot be compressed costs next to nothing, and what becomes compressible is found after a while.
/// </summary>
/// <remarks>Requests of one open may meet here. A count that gets lost costs a look, or saves one.</remarks>
internal sealed class CompressionOutlook
{
    /// <summary>The most messages in a row that are not looked at; of <see cref="LongData"/> and more, a <see cref="WeightOfLong"/>th.</summary>
    public const int MostSkipped = 127;

    /// <summary>
    /// Shorter messages cost little more than a look at them does, and bring little when they become compressible: fewer of them are looked at.
    /// </summary>
    public const int LongData = 16 * 1024;

    private const int WeightOfLong = 4;

    private int _skipped;
    private int _left;

    /// <summary>Whether the next message is worth a look. Asked once for each.</summary>
    /// <param name="length">Its bytes.</param>
    public bool ShouldLook(int length)
    {
        if (_left <= 0)
        {
            return true;
        }

        _left -= length < LongData ? 1 : WeightOfLong;
        return false;
    }

    /// <summary>A message was looked at.</summary>
    public void Tell(bool gained)
    {
        _skipped = gained ? 0 : Math.Min((2 * _skipped) + 1, MostSkipped);
        _left = _skipped;
    }
}
