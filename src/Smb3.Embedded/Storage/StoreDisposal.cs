namespace Smb3.Embedded.Storage;

/// <summary>Ends stores, each in the way that it has for it, if it has one.</summary>
internal static class StoreDisposal
{
    public static async ValueTask DisposeAsync(IFileStore store)
    {
        switch (store)
        {
            case IAsyncDisposable asynchronous:
                await asynchronous.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }
    }
}
