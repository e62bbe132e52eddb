using System.Net;
using Smb3.Embedded.AzureBlobs;
using Smb3.Embedded.Tests.ObjectServices;

namespace Smb3.Embedded.Tests.AzureBlobs;

/// <summary>A container inside the process.</summary>
internal sealed class AzureService : ObjectService
{
    private readonly RecordedLog<AzureBlobFileStore> _log = new();

    public ContainerServer Container { get; } = new();

    public override ObjectServer Server => Container;

    public override RecordedLog Log => _log;

    public override string Name => ContainerServer.Name;

    public override int PartSize => 1 << 20;

    public override int PartOverhead => 0;

    public override (string Type, string Color) Headers => ("x-ms-blob-content-type", "x-ms-meta-color");

    public override string MetadataPrefix => "x-ms-meta-";

    public override (HttpStatusCode Status, string Code) Stranger => (HttpStatusCode.Forbidden, "AuthenticationFailed");

    public override (HttpStatusCode Status, string Code) Archived => (HttpStatusCode.Conflict, "BlobArchived");

    /// <summary>The service drops them by itself.</summary>
    public override int OpenUploads => 0;

    public override AzureBlobFileStore Open(ObjectUse? use = null)
    {
        use ??= new ObjectUse();
        var options = new AzureBlobStoreOptions { Prefix = use.Prefix, BlockSize = PartSize, ParallelBlocks = 2, KeepAttributes = use.KeepsAttributes };
        options.Objects = options.Objects with { PageSize = use.PageSize };
        return new AzureBlobFileStore(options, Container.Connect(retries: use.Retries), _log);
    }

    public override bool IsPart(HttpRequestMessage request) => request.RequestUri!.Query.Contains("blockid=", StringComparison.Ordinal);
}
