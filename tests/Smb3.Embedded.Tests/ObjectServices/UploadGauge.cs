namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>Reads the bodies of requests, and tells how many bytes of them were under way at once: what a store has in memory for them.</summary>
internal sealed class UploadGauge
{
    private readonly Lock _sync = new();

    /// <summary>The bytes under way, and the most that there were.</summary>
    public (long Now, long Most) Sent { get; private set; }

    public async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var length = content.Headers.ContentLength ?? 0;
        lock (_sync)
        {
            Sent = (Sent.Now + length, Math.Max(Sent.Most, Sent.Now + length));
        }

        try
        {
            await Task.Yield();
            return await content.ReadAsByteArrayAsync(cancellationToken);
        }
        finally
        {
            lock (_sync)
            {
                Sent = (Sent.Now - length, Sent.Most);
            }
        }
    }
}
