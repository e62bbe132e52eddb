using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.S3;
using Xunit;

namespace Smb3.Embedded.Tests.S3;

public sealed class S3SettingsTests
{
    [Fact]
    public void All_settings_can_be_set()
    {
        var options = Bind(
            "Bucket", "b", "Prefix", "team", "Endpoint", "https://s3.example.net:9000", "Region", "eu-central-1", "AccessKey", "a", "SecretKey", " s ",
            "SecretKeyFile", "/secret", "PathStyle", "false", "KeepAttributes", "false", "RememberedAttributes", "7", "LookBeforeReplacing", "false",
            "PartSize", "5242880", "ParallelParts", "2", "ParallelLooks", "3", "Timeout", "00:00:20", "Label", "L", "Capacity", "1099511627776",
            "MaxFileLength", "4294967296", "SpoolSize", "8589934592", "SpoolMemory", "0", "SpoolFolder", "/spool", "CaseSensitive", "true",
            "MaxFolderRename", "5", "MaxRememberedNames", "6");
        Assert.True(options is { Bucket: "b", Prefix: "team", Endpoint.Port: 9000, Region: "eu-central-1", AccessKey: "a", SecretKeyFile: "/secret" });
        Assert.Equal(" s ", options.SecretKey); // it may begin with anything
        Assert.True(options is { PathStyle: false, KeepAttributes: false, RememberedAttributes: 7, LookBeforeReplacing: false });
        Assert.True(options is { PartSize: 5 << 20, ParallelParts: 2, ParallelLooks: 3, Timeout.TotalSeconds: 20 });
        Assert.True(options.Objects is { Label: "L", Capacity: 1L << 40, MaxFileLength: 1L << 32, SpoolSize: 1L << 33, SpoolMemory: 0 });
        Assert.True(options.Objects is { SpoolFolder: "/spool", CaseSensitive: true, MaxFolderRename: 5, MaxRememberedNames: 6 });
    }

    [Theory]
    [InlineData("S3:files:Buckets", "Buckets", "b")]
    [InlineData("S3:files:Endpoint", "Endpoint", "s3.example.net")]
    [InlineData("S3:files:PathStyle", "PathStyle", "yes")]
    [InlineData("S3:files:PartSize", "PartSize", "8 MiB")]
    [InlineData("S3:files:Capacity", "Capacity", "much")]
    [InlineData("S3:files:Timeout", "Timeout", "soon")]
    public void What_is_wrong_is_said_by_the_name_of_the_setting(string says, params string[] settings)
    {
        var e = Assert.Throws<OptionsValidationException>(() => Bind(settings));
        Assert.StartsWith(says + ": ", Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Endpoint", "Endpoint", "ftp://s3.example.net")]
    [InlineData("SecretKey", "AccessKey", "a")]
    [InlineData("AccessKey", "SecretKey", "s")]
    [InlineData("PartSize", "PartSize", "1000")]
    [InlineData("ParallelParts", "ParallelParts", "0")]
    [InlineData("Timeout", "Timeout", "0")]
    public void What_no_store_can_be_made_of_is_refused(string wrong, string name, string value)
    {
        var options = Bind("Bucket", "b", name, value);
        Assert.Equal(wrong, Assert.ThrowsAny<ArgumentException>(() => new S3FileStore(options)).ParamName);
    }

    private static S3StoreOptions Bind(params string[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Chunk(2).Select(static pair => new KeyValuePair<string, string?>("S3:files:" + pair[0], pair[1]))).Build();
        var options = new S3StoreOptions();
        S3OptionsBinder.Bind(configuration.GetSection("S3:files"), options);
        return options;
    }
}
