using Smb3.Embedded.AzureBlobs;
using Smb3.Embedded.ObjectServices;

namespace Smb3.Embedded;

/// <summary>Lets a server share containers of Azure blobs.</summary>
public static class AzureBlobsBuilderExtensions
{
    /// <summary>The section of the configuration that <see cref="AddAzureBlobsShares"/> takes.</summary>
    public const string SectionName = "AzureBlobs";

    /// <summary>Shares a container, or those of its blobs whose names begin with a prefix.</summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="name">The share's name.</param>
    /// <param name="configure">Says which container, and how it is used.</param>
    /// <param name="configureShare">Sets further properties of the share.</param>
    public static SmbServerBuilder AddAzureBlobsShare(
        this SmbServerBuilder builder, string name, Action<AzureBlobStoreOptions> configure, Action<SmbShareOptions>? configureShare = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        return ObjectShares.Add<AzureBlobFileStore>(
            builder,
            name,
            logger =>
            {
                var options = new AzureBlobStoreOptions();
                configure(options);
                return new AzureBlobFileStore(options, logger);
            },
            configureShare);
    }

    /// <summary>
    /// Shares the containers of the section <c>AzureBlobs</c>: each of its sections has the name of a share, and the keys of
    /// <see cref="AzureBlobStoreOptions"/> and of <see cref="Storage.Objects.ObjectFileStoreOptions"/>, such as <c>AzureBlobs:files:Container</c>. Without
    /// the section there are none.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="configureShare">Sets further properties of each of the shares.</param>
    public static SmbServerBuilder AddAzureBlobsShares(this SmbServerBuilder builder, Action<SmbShareOptions>? configureShare = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        foreach (var share in builder.Configuration.GetSection(SectionName).GetChildren())
        {
            AddAzureBlobsShare(builder, share.Key, options => AzureOptionsBinder.Bind(share, options), configureShare);
        }

        return builder;
    }
}
