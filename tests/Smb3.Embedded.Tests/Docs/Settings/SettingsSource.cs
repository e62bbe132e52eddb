using Microsoft.Extensions.Configuration;
using Smb3.Embedded.AzureBlobs;
using Smb3.Embedded.Control;
using Smb3.Embedded.Discovery;
using Smb3.Embedded.Ldap;
using Smb3.Embedded.S3;
using Smb3.Embedded.Winbind;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>Who takes a section of <c>appsettings.json</c>.</summary>
/// <param name="Path">The section; where there may be several, each for a share, with the name of one.</param>
/// <param name="Project">The package.</param>
/// <param name="Description">What the section is for.</param>
/// <param name="Options">What it is read into.</param>
/// <param name="Bind">Reads it.</param>
internal sealed record SettingsSource(string Path, string Project, string Description, Type Options, Action<IConfigurationSection> Bind)
{
    /// <summary>The name that stands for that of any share.</summary>
    public const string AnyShare = "SHARE";

    /// <summary>The server's own.</summary>
    public static SettingsSource Server { get; } = new(
        "Smb", "Smb3.Embedded", "Settings of the SMB server.", typeof(SmbServerOptions), static section => new SmbServerOptions().Bind(section));

    /// <summary>All.</summary>
    public static IReadOnlyList<SettingsSource> All { get; } =
    [
        Server,
        new("Control", "Smb3.Embedded.Control", "Lets the server's user see and end sessions and files over a local socket.",
            typeof(ControlSettings), static section => ControlSettings.Read(section)),
        new("Discovery", "Smb3.Embedded.Discovery", "Lets Finder, Explorer and others find the server.",
            typeof(DiscoveryOptions), static section => DiscoveryOptionsBinder.Bind(section, new DiscoveryOptions())),
        new("Ldap", "Smb3.Embedded.Ldap", "The directory in which accounts are looked up.",
            typeof(LdapOptions), static section => LdapOptionsBinder.Bind(section, new LdapOptions())),
        new("Winbind", "Smb3.Embedded.Winbind", "Has winbind check passwords of a domain's users.",
            typeof(WinbindOptions), static section => WinbindOptionsBinder.Bind(section, new WinbindOptions())),
        new("S3:" + AnyShare, "Smb3.Embedded.S3", "Buckets that are shared, each by the name of its share.",
            typeof(S3StoreOptions), static section => S3OptionsBinder.Bind(section, new S3StoreOptions())),
        new("AzureBlobs:" + AnyShare, "Smb3.Embedded.AzureBlobs", "Containers of blobs that are shared, each by the name of its share.",
            typeof(AzureBlobStoreOptions), static section => AzureOptionsBinder.Bind(section, new AzureBlobStoreOptions())),
    ];

    /// <summary>Its schema.</summary>
    public string SchemaFile => System.IO.Path.Combine(Repository.Root, "src", Project, "ConfigurationSchema.json");
}
