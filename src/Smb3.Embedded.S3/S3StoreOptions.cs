using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded;

/// <summary>Which bucket is shared, and how it is used.</summary>
public sealed class S3StoreOptions
{
    /// <summary>The most parts that one upload can have, which S3 says.</summary>
    internal const int MaxParts = 10_000;

    /// <summary>The bucket, which must exist.</summary>
    public string Bucket { get; set; } = string.Empty;

    /// <summary>What the keys of all files begin with, such as <c>team/</c>: a slash at the end is added. Default none: the whole bucket.</summary>
    public string Prefix { get; set; } = string.Empty;

    /// <summary>The URL of a server that speaks S3, such as <c>https://s3.example.net:9000</c>. <see langword="null"/>: AWS, in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>
    /// The region, such as <c>eu-central-1</c>. <see langword="null"/>: what AWS's environment and profiles say; with <see cref="Endpoint"/>
    /// <c>us-east-1</c>.
    /// </summary>
    public string? Region { get; set; }

    /// <summary>
    /// The access key. <see langword="null"/>: what AWS's environment, profiles and machine roles give, which is the better way where there is one.
    /// </summary>
    public string? AccessKey { get; set; }

    /// <summary>The secret that belongs to <see cref="AccessKey"/>. <see cref="SecretKeyFile"/> keeps it out of configuration.</summary>
    public string? SecretKey { get; set; }

    /// <summary>A file whose first line is the secret; read when the store is made.</summary>
    public string? SecretKeyFile { get; set; }

    /// <summary>
    /// Whether the bucket is a part of the path (<c>endpoint/bucket/key</c>) and not of the host's name. <see langword="null"/>: with
    /// <see cref="Endpoint"/>, which is what servers other than AWS are set up for.
    /// </summary>
    public bool? PathStyle { get; set; }

    /// <summary>
    /// Whether files keep attributes, times and numbers (in the metadata <c>x-amz-meta-smb3</c> of their objects), as programs that compare times
    /// need it. A listing does not have them, so that listing a folder costs a request (HEAD) for each object whose metadata is not
    /// remembered. Otherwise the time of a file is that of its last upload. Default on.
    /// </summary>
    public bool KeepAttributes { get; set; } = true;

    /// <summary>Objects of which metadata is remembered, about 300 bytes each; 0: none. Default 50,000.</summary>
    public int RememberedAttributes { get; set; } = 50_000;

    /// <summary>
    /// Whether the version of an object is looked at before it is replaced, besides making the put conditional (<c>If-Match</c>): a request for each
    /// file that is written, without which a server that ignores the condition lets the file of another writer be overwritten. Off is
    /// right for AWS. Default on.
    /// </summary>
    public bool LookBeforeReplacing { get; set; } = true;

    /// <summary>
    /// What is longer than this many bytes is uploaded in parts of this size, 5 MiB to 1 GiB. A file has at most 10,000 parts, which bounds
    /// <see cref="ObjectFileStoreOptions.MaxFileLength"/>. Default 8 MiB.
    /// </summary>
    public int PartSize { get; set; } = 8 << 20;

    /// <summary>Parts that are uploaded at the same time, of all files together; each is held in memory meanwhile. 1 to 64. Default 4.</summary>
    public int ParallelParts { get; set; } = 4;

    /// <summary>What a listing asks for at the same time, of all clients together. 1 to 256. Default 16.</summary>
    public int ParallelLooks { get; set; } = 16;

    /// <summary>How long one attempt of a request may take; failed ones are tried again twice. 1 second to 10 minutes. Default 60 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What holds for every store of objects: the volume's label and size, how much may wait to be uploaded, the longest file.</summary>
    public ObjectFileStoreOptions Objects { get; set; } = new() { Label = "S3" };

    /// <summary>The prefix with its slash.</summary>
    internal string KeyPrefix => OptionChecks.ToKeyPrefix(Prefix);

    /// <summary>What the base gets: no longer keys and files than the bucket can have.</summary>
    internal ObjectFileStoreOptions ToObjectOptions()
    {
        Check();
        return Objects with
        {
            MaxKeyBytes = Math.Min(Objects.MaxKeyBytes, 1024 - System.Text.Encoding.UTF8.GetByteCount(KeyPrefix)),
            MaxFileLength = Math.Min(Objects.MaxFileLength, (long)PartSize * MaxParts),
        };
    }

    private void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Bucket);
        ArgumentNullException.ThrowIfNull(Objects);
        OptionChecks.CheckPrefix(KeyPrefix, nameof(Prefix));
        ArgumentOutOfRangeException.ThrowIfNegative(RememberedAttributes);
        OptionChecks.ThrowUnless(PartSize is >= 5 << 20 and <= 1 << 30, nameof(PartSize), "5 MiB to 1 GiB");
        OptionChecks.ThrowUnless(ParallelParts is >= 1 and <= 64, nameof(ParallelParts), "1 to 64");
        OptionChecks.ThrowUnless(ParallelLooks is >= 1 and <= 256, nameof(ParallelLooks), "1 to 256");
        OptionChecks.CheckTimeout(Timeout, nameof(Timeout));
        OptionChecks.CheckUrl(Endpoint, "https://s3.example.net", nameof(Endpoint));
        if (AccessKey is not null && SecretKey is null && SecretKeyFile is null)
        {
            throw new ArgumentException("There is an access key, and neither SecretKey nor SecretKeyFile.", nameof(SecretKey));
        }

        if (AccessKey is null && (SecretKey ?? SecretKeyFile) is not null)
        {
            throw new ArgumentException("There is a secret key, and no access key that it belongs to.", nameof(AccessKey));
        }
    }
}
