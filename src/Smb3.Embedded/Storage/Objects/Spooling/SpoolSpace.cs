namespace Smb3.Embedded.Storage.Objects.Spooling;

/// <summary>Bytes of which there are only so many, for everybody together.</summary>
internal sealed class SpoolSpace(long size)
{
    private long _free = size;

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _free, -bytes) >= 0)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _free, bytes);
}
