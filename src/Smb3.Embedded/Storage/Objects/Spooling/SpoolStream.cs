namespace Smb3.Embedded.Storage.Objects.Spooling;

/// <summary>Reads a spool from any place, as often as a store wants to try.</summary>
internal sealed class SpoolStream(Spool spool) : RangeStream(spool.Length)
{
    protected override ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        spool.ReadAsync(offset, buffer, cancellationToken);
}
