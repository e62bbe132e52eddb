using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Xunit;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>The schema with which editors complete <c>appsettings.json</c>: it says of the settings what the code does with them.</summary>
public sealed class SettingsSchemaTests
{
    /// <summary>What is right for settings whose text has a form of its own.</summary>
    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["Smb:Listen"] = "127.0.0.1:4450",
        ["Smb:AdvertisedInterfaces"] = "192.0.2.1 speed=10G",
        ["Smb:Links"] = @"files\docs=\\server\docs",
        ["Smb:Cluster:Addresses"] = "192.0.2.1",
        ["Smb:Witness:Addresses"] = "192.0.2.1",
        ["Smb:Witness:Interfaces"] = "group=192.0.2.1",
        ["Smb:Users:0:NtHash"] = "0123456789abcdef0123456789abcdef",
        ["Ldap:DomainSid"] = "S-1-5-21-1-2-3",
        ["Winbind:NtlmAuth"] = "ntlm_auth",
        ["Winbind:Wbinfo"] = "wbinfo",
        [$"S3:{SettingsSource.AnyShare}:Endpoint"] = "https://s3.example.net",
        [$"AzureBlobs:{SettingsSource.AnyShare}:Endpoint"] = "https://account.blob.core.windows.net",
    };

    /// <summary>Those of all packages: an editor has each that a project refers to.</summary>
    private static readonly Lazy<JsonSchema[]> Schemas = new(static () => [.. SettingsSource.All.Select(static source => JsonSchema.FromText(
        File.ReadAllText(source.SchemaFile), new BuildOptions { Dialect = Dialect.Draft07 }))]);

    public static TheoryData<string> Sources { get; } = [.. SettingsSource.All.Select(static source => source.Path)];

    [Theory]
    [MemberData(nameof(Sources))]
    public void The_schema_is_that_of_the_code(string path)
    {
        var source = SettingsSource.All.Single(source => source.Path == path);
        MadeFile.Check(source.SchemaFile, _ => SettingsSchema.Write(source));
    }

    [Fact]
    public void A_usual_file_is_valid()
    {
        const string Usual = """
            {
              "$schema": "ConfigurationSchema.json",
              "Logging": { "LogLevel": { "Default": "Information" } },
              "Smb": {
                "Listen": [ "0.0.0.0:4450" ],
                "Encryption": "required",
                "Ciphers": "AES-256-GCM, AES-128-GCM",
                "Shares": [
                  "docs=/srv/docs,readonly",
                  { "Name": "work", "Folder": "/srv/work", "Groups": { "staff": "change" }, "MaxUsers": "none", "Snapshots": { "Folder": "/s", "LocalTime": true } }
                ],
                "Namespaces": [ { "Name": "all", "Links": [ { "Path": "docs", "Targets": [ "\\\\one\\docs" ], "TimeToLive": 60 } ] } ],
                "Users": [ "alice:secret", { "Name": "bob", "Password": "secret too" } ],
                "UsersFile": "/etc/smb3/users",
                "Limits": { "IdleTimeout": "00:30:00", "MaxConnections": 100 },
                "LogonThrottle": { "FailuresPerUser": "none", "FirstDelay": 0.5 }
              },
              "Discovery": { "Name": "Our files", "Interfaces": [ "eth*" ] },
              "Ldap": { "Servers": "ldaps://dc.example.net", "Timeout": 5, "Schema": "ActiveDirectory" },
              "S3": { "files": { "Bucket": "our-files", "PathStyle": true } },
              "AzureBlobs": { "files": { "Container": "our-files", "AccountName": "ours", "AccountKeyFile": "/secret" } }
            }
            """;
        Assert.True(IsValid(Usual));
        Assert.Null(FailureOf(Usual));
    }

    [Theory]
    [InlineData("""{ "Smb": { "Lisen": [ "0.0.0.0:4450" ] } }""")]
    [InlineData("""{ "Smb": { "Limits": { "MaxConnection": 1 } } }""")]
    [InlineData("""{ "Smb": { "Shares": [ { "Nam": "docs" } ] } }""")]
    [InlineData("""{ "Smb": { "Encryption": "always" } }""")]
    [InlineData("""{ "Smb": { "Limits": { "MaxConnections": "many" } } }""")]
    [InlineData("""{ "Smb": { "MultiChannel": "yes" } }""")]
    [InlineData("""{ "Smb": { "DrainTimeout": "ten seconds" } }""")]
    [InlineData("""{ "Smb": { "Limits": { "MaxConnections": "none" } } }""")]
    [InlineData("""{ "Smb": { "Shares": [ { "Name": "docs", "Folder": "/srv", "Groups": { "staff": "write" } } ] } }""")]
    [InlineData("""{ "Discovery": { "Mdn": true } }""")]
    [InlineData("""{ "Winbind": { "MaxHelpers": "many" } }""")]
    [InlineData("""{ "Control": { "Enabled": "yes" } }""")]
    [InlineData("""{ "Ldap": { "Schema": "X500" } }""")]
    [InlineData("""{ "S3": { "files": { "Buckt": "our-files" } } }""")]
    public void What_the_server_refuses_the_schema_refuses(string file)
    {
        Assert.False(IsValid(file));
        Assert.NotNull(FailureOf(file));
    }

    /// <summary>Each setting with values of all kinds: what an editor lets pass is no error at the start, and what is meant is let pass.</summary>
    [Fact]
    public void What_the_schema_accepts_the_server_reads()
    {
        JsonNode[] kinds = [true, 7, 2.5, "none", "00:00:30", "3.1.1", new JsonArray(), new JsonObject()];
        var settings = SettingsSection.Everything.SelectMany(static section => section.Settings).ToList();
        foreach (var setting in settings)
        {
            var right = Meant(setting);
            Assert.True(IsValid(FileWith(setting, right.DeepClone())), $"{setting.Path} cannot be {right}, says the schema.");
            Assert.True(FailureOf(FileWith(setting, right.DeepClone())) is null, FailureOf(FileWith(setting, right.DeepClone())));

            // A text of a form of its own is for the server to judge.
            foreach (var kind in kinds.Where(kind => right.GetValueKind() != JsonValueKind.String || !HasOwnForm(setting) || kind.GetValueKind() != right.GetValueKind()))
            {
                var file = FileWith(setting, kind.DeepClone());
                Assert.True(!IsValid(file) || FailureOf(file) is null, $"The schema lets pass what the server does not: {FailureOf(file)}");
            }
        }

        Assert.True(settings.Count > 100);
    }

    private static bool HasOwnForm(Setting setting) => Texts.ContainsKey(setting.Path) || setting.ShortForm is not null || setting.Section is not null;

    private static JsonNode Meant(Setting setting) => setting switch
    {
        { ShortForm: { } text } => text,
        { Section: not null, IsList: true } => new JsonArray(),
        { Section: not null } => new JsonObject(),
        _ when Texts.TryGetValue(setting.Path, out var text) => text,
        { ItemType.IsEnum: true } => SettingText.AllOf(setting.ItemType).First(),
        _ when setting.ItemType == typeof(bool) => true,
        _ when setting.ItemType == typeof(int) || setting.ItemType == typeof(long) => 64,
        _ when setting.ItemType == typeof(TimeSpan) => "00:00:30",
        _ when setting.ItemType == typeof(IDictionary<string, SmbShareAccess>) => new JsonObject { ["staff"] = "change" },
        _ => "text",
    };

    /// <summary>A file with one setting, and what has to be there with it.</summary>
    private static string FileWith(Setting setting, JsonNode value)
    {
        var node = value;
        foreach (var part in setting.Path.Split(':').Reverse())
        {
            node = part == "0" ? new JsonArray(node) : new JsonObject { [part] = node };
        }

        var file = (JsonObject)node;
        if (setting.Path == "Smb:Links")
        {
            file["Smb"]!["Namespaces"] = new JsonArray("files");
        }

        if (setting.Path.StartsWith("Smb:Users:0:", StringComparison.Ordinal) && file["Smb"]!["Users"]![0] is JsonObject user)
        {
            user.TryAdd("Name", "alice");
            _ = setting.Key is "Password" or "NtHash" || user.TryAdd("Password", "secret");
        }

        return file.ToJsonString();
    }

    private static bool IsValid(string file) => Schemas.Value.All(schema => schema.Evaluate(JsonDocument.Parse(file).RootElement).IsValid);

    private static string? FailureOf(string file)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(file));
        var settings = new ConfigurationBuilder().AddJsonStream(stream).Build();
        try
        {
            foreach (var source in SettingsSource.All)
            {
                foreach (var section in source.Path.Split(':') is [var all, _] ? settings.GetSection(all).GetChildren() : [settings.GetSection(source.Path)])
                {
                    source.Bind(section);
                }
            }

            return null;
        }
        catch (OptionsValidationException e)
        {
            return string.Join(' ', e.Failures);
        }
    }
}
