namespace Smb3.Embedded.LoadTest.Shares;

/// <summary>How fast one kind of work went.</summary>
/// <param name="Work">Which.</param>
/// <param name="Operations">How many operations were done.</param>
/// <param name="Bytes">Bytes that they read or wrote.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Median">Of the response times, in microseconds.</param>
/// <param name="P99">99 of 100 response times are shorter, in microseconds.</param>
internal sealed record ShareBenchResult(string Work, long Operations, long Bytes, double Seconds, double Median, double P99)
{
    public double OperationsPerSecond => Operations / Seconds;

    public double BytesPerSecond => Bytes / Seconds;
}
