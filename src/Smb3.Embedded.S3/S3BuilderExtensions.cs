using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.S3;

namespace Smb3.Embedded;

/// <summary>Lets a server share S3 buckets.</summary>
public static class S3BuilderExtensions
{
    /// <summary>The section of the configuration that <see cref="AddS3Shares"/> takes.</summary>
    public const string SectionName = "S3";

    /// <summary>Shares a bucket, or those of its keys that begin with a prefix. The connection ends with the server's services.</summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="name">The share's name.</param>
    /// <param name="configure">Says which bucket, and how it is used.</param>
    /// <param name="configureShare">Sets further properties of the share.</param>
    public static SmbServerBuilder AddS3Share(
        this SmbServerBuilder builder, string name, Action<S3StoreOptions> configure, Action<SmbShareOptions>? configureShare = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        return ObjectShares.Add<S3FileStore>(
            builder,
            name,
            logger =>
            {
                var options = new S3StoreOptions();
                configure(options);
                return new S3FileStore(options, logger);
            },
            configureShare);
    }

    /// <summary>
    /// Shares the buckets of the section <c>S3</c>: each of its sections has the name of a share, and the keys of <see cref="S3StoreOptions"/> and of
    /// <see cref="Storage.Objects.ObjectFileStoreOptions"/>, such as <c>S3:files:Bucket</c>. Without the section there are none.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="configureShare">Sets further properties of each of the shares.</param>
    public static SmbServerBuilder AddS3Shares(this SmbServerBuilder builder, Action<SmbShareOptions>? configureShare = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        foreach (var share in builder.Configuration.GetSection(SectionName).GetChildren())
        {
            AddS3Share(builder, share.Key, options => S3OptionsBinder.Bind(share, options), configureShare);
        }

        return builder;
    }
}
