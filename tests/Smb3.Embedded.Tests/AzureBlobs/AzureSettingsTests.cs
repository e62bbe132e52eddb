using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.AzureBlobs;
using Xunit;

namespace Smb3.Embedded.Tests.AzureBlobs;

public sealed class AzureSettingsTests
{
    private const string Key = "AAAA";

    [Fact]
    public void All_settings_can_be_set()
    {
        var options = Bind(
            "Container", "c", "Prefix", "team", "Endpoint", "https://account.blob.example.net", "ConnectionString", "cs", "ConnectionStringFile", "/cs",
            "AccountName", "a", "AccountKey", "k", "AccountKeyFile", "/k", "SasToken", "s", "SasTokenFile", "/s", "KeepAttributes", "false",
            "BlockSize", "1048576", "ParallelBlocks", "2", "ParallelLooks", "3", "Timeout", "00:00:20", "Label", "L", "SpoolSize", "8589934592");
        Assert.True(options is { Container: "c", Prefix: "team", Endpoint.Host: "account.blob.example.net", ConnectionString: "cs", ConnectionStringFile: "/cs" });
        Assert.True(options is { AccountName: "a", AccountKey: "k", AccountKeyFile: "/k", SasToken: "s", SasTokenFile: "/s", KeepAttributes: false });
        Assert.True(options is { BlockSize: 1 << 20, ParallelBlocks: 2, ParallelLooks: 3, Timeout.TotalSeconds: 20, Objects.Label: "L", Objects.SpoolSize: 1L << 33 });
    }

    [Theory]
    [InlineData("AzureBlobs:files:Containers", "Containers", "c")]
    [InlineData("AzureBlobs:files:Endpoint", "Endpoint", "account")]
    [InlineData("AzureBlobs:files:BlockSize", "BlockSize", "8 MiB")]
    public void What_is_wrong_is_said_by_the_name_of_the_setting(string says, params string[] settings)
    {
        var e = Assert.Throws<OptionsValidationException>(() => Bind(settings));
        Assert.StartsWith(says + ": ", Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Endpoint", "Endpoint", "ftp://example.net")]
    [InlineData("BlockSize", "BlockSize", "1000")]
    [InlineData("ParallelBlocks", "ParallelBlocks", "0")]
    [InlineData("Timeout", "Timeout", "0")]
    [InlineData("ConnectionString")] // nobody asks
    [InlineData("ConnectionString", "AccountName", "a", "AccountKey", Key, "SasToken", "sig=1")]
    [InlineData("ConnectionString", "ConnectionString", "no such thing")]
    [InlineData("ConnectionString", "ConnectionString", "UseDevelopmentStorage=true", "AccountName", "a")]
    [InlineData("AccountName", "SasToken", "sig=1")]
    [InlineData("AccountName", "AccountKey", Key, "Endpoint", "https://account.blob.example.net")]
    [InlineData("AccountKey", "AccountName", "a", "AccountKey", "no Base64!")]
    public void What_no_store_can_be_made_of_is_refused(string wrong, params string[] settings)
    {
        var options = Bind(["Container", "c", .. settings]);
        Assert.Equal(wrong, Assert.ThrowsAny<ArgumentException>(() => new AzureBlobFileStore(options)).ParamName);
    }

    [Fact]
    public void A_container_must_be_named() => Assert.Equal(
        "Container", Assert.ThrowsAny<ArgumentException>(() => new AzureBlobFileStore(new AzureBlobStoreOptions { AccountName = "a", AccountKey = Key })).ParamName);

    [Theory]
    [InlineData("AccountName", "a", "AccountKey", Key)]
    [InlineData("AccountName", "a", "SasToken", "?sv=1&sig=1")]
    [InlineData("Endpoint", "https://account.blob.example.net", "SasToken", "sv=1&sig=1")]
    [InlineData("ConnectionString", "UseDevelopmentStorage=true")]
    public void Each_way_to_log_on_makes_a_store(params string[] settings)
    {
        using var store = new AzureBlobFileStore(Bind(["Container", "c", .. settings]));
        Assert.Null(store.Problem);
    }

    /// <summary>What a key is no part of is said without it.</summary>
    [Fact]
    public void A_connection_string_that_is_wrong_is_not_repeated()
    {
        var options = new AzureBlobStoreOptions { Container = "c", ConnectionString = "AccountName=a;AccountKey=secret" };
        Assert.DoesNotContain("secret", Assert.ThrowsAny<ArgumentException>(() => new AzureBlobFileStore(options)).ToString(), StringComparison.Ordinal);
    }

    private static AzureBlobStoreOptions Bind(params string[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Chunk(2).Select(static pair => new KeyValuePair<string, string?>("AzureBlobs:files:" + pair[0], pair[1]))).Build();
        var options = new AzureBlobStoreOptions();
        AzureOptionsBinder.Bind(configuration.GetSection("AzureBlobs:files"), options);
        return options;
    }
}
