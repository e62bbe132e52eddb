using System.Net;
using Smb3.Embedded.S3;
using Smb3.Embedded.Tests.ObjectServices;

namespace Smb3.Embedded.Tests.S3;

/// <summary>A bucket inside the process.</summary>
internal sealed class S3Service : ObjectService
{
    private readonly RecordedLog<S3FileStore> _log = new();

    public BucketServer Bucket { get; } = new();

    public override ObjectServer Server => Bucket;

    public override RecordedLog Log => _log;

    public override string Name => BucketServer.Name;

    public override int PartSize => 5 << 20;

    /// <summary>The signatures of its chunks.</summary>
    public override int PartOverhead => 100_000;

    public override (string Type, string Color) Headers => ("content-type", "x-amz-meta-color");

    public override string MetadataPrefix => "x-amz-meta-";

    public override (HttpStatusCode Status, string Code) Stranger => (HttpStatusCode.Forbidden, "InvalidAccessKeyId");

    public override (HttpStatusCode Status, string Code) Archived => (HttpStatusCode.Forbidden, "InvalidObjectState");

    public override int OpenUploads => Bucket.OpenUploads;

    public override S3FileStore Open(ObjectUse? use = null)
    {
        use ??= new ObjectUse();
        var options = new S3StoreOptions
        {
            Bucket = BucketServer.Name, Prefix = use.Prefix, PartSize = PartSize, ParallelParts = 2, KeepAttributes = use.KeepsAttributes,
        };
        options.Objects = options.Objects with { PageSize = use.PageSize };
        return new S3FileStore(options, Bucket.Connect(use.Retries), _log);
    }

    public override bool IsPart(HttpRequestMessage request) => request.RequestUri!.Query.Contains("partNumber=", StringComparison.Ordinal);
}
