using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Smb3.Embedded.ObjectServices;

namespace Smb3.Embedded.S3;

/// <summary>Makes the client of a bucket by what the options say.</summary>
internal static class S3ClientFactory
{
    private const int Retries = 2;

    public static AmazonS3Client Create(S3StoreOptions options)
    {
        var config = new AmazonS3Config
        {
            Timeout = options.Timeout,
            ConnectTimeout = options.Timeout < TimeSpan.FromSeconds(10) ? options.Timeout : TimeSpan.FromSeconds(10),
            MaxErrorRetry = Retries,
            ForcePathStyle = options.PathStyle ?? options.Endpoint is not null,
        };
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = options.Region ?? "us-east-1";

            // AWS's newer checksums are unknown to many servers, and refused by some.
            config.RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED;
        }
        else if (options.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return options.AccessKey is { } accessKey
            ? new AmazonS3Client(new BasicAWSCredentials(accessKey, options.SecretKey ?? OptionChecks.ReadSecret(options.SecretKeyFile!, "secret key")), config)
            : new AmazonS3Client(config);
    }
}
