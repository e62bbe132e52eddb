using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Tests.Docs;

#pragma warning disable IDE1006 // they are named as on the pages, where they are classes
internal interface MyStore : IFileStore
{
    static MyStore OpenEmpty() => throw new NotSupportedException();

    static MyStore OpenWith(IReadOnlyDictionary<string, byte[]> files) => throw new NotSupportedException(files.ToString());
}

internal interface BucketStore : IFileStore
{
    static BucketStore Open(string name) => throw new NotSupportedException(name);
}

internal interface BlobStream : IStoreStream
{
    static BlobStream Open(Stage file, string name, byte[] blob) => throw new NotSupportedException($"{file}{name}{blob}");
}

internal abstract class BlobFile : Stage;

internal interface ReportStore : IFileStore;

internal interface CompanyUsers : ISmbUserStore;

internal sealed class Audit : SmbServerHooks;

internal interface MyStateStore : IStateStore
{
    static ValueTask<MyStateStore> OpenAsync(string name) => throw new NotSupportedException(name);
}

internal interface MyClusterStore : IClusterStore
{
    static ValueTask<MyClusterStore> OpenAsync(string name) => throw new NotSupportedException(name);
}
