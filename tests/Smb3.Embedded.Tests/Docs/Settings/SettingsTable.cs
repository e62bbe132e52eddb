using System.Collections;
using System.Globalization;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>A section as a table of docs/settings.md.</summary>
internal static class SettingsTable
{
    /// <summary>The pages that say more about a setting.</summary>
    private static readonly Dictionary<string, string> See = new(StringComparer.Ordinal)
    {
        ["Smb:AppleModel"] = "macos.md",
        ["Smb:Listen"] = "rdma.md",
        ["Smb:Interfaces"] = "clients.md#several-links",
        ["Smb:AdvertisedInterfaces"] = "clients.md#several-links",
        ["Smb:Compression"] = "compression.md",
        ["Smb:OnlyAdministratorsSeeAccounts"] = "identity.md#lists-of-users-and-groups",
        ["Smb:State"] = "continuity.md",
        ["Smb:Cluster"] = "#cluster",
        ["Smb:Limits"] = "#limits",
        ["Smb:LogonThrottle"] = "#logons",
        ["Smb:LogonPolicies"] = "#logons",
        ["Smb:Kerberos"] = "#logons",
        ["Smb:Directory"] = "#logons",
        ["Smb:Witness"] = "#cluster",
        ["Smb:Shares"] = "#shares",
        ["Smb:Namespaces"] = "#namespaces",
        ["Smb:Users"] = "#users",
        ["Smb:UsersFile"] = "identity.md#ntlm",
        ["Smb:Shares:0:LocalPrograms"] = "stores.md#programs-beside-the-server",
        ["Smb:Shares:0:Quotas"] = "stores.md#quotas-of-a-folder",
        ["Smb:Cluster:RefusalTime"] = "cluster.md#how-clients-find-the-owner",
        ["Smb:Cluster:Balance"] = "cluster.md#balance",
        ["Smb:Cluster:BalanceSplits"] = "cluster.md#balance",
    };

    public static string Write(SettingsSection section) =>
        "| setting | default | meaning |\n|---|---|---|\n" + string.Concat(section.Settings.Select(static setting => Row(setting) + "\n"));

    private static string Row(Setting setting)
    {
        var values = setting.ItemType.IsEnum && !setting.Meaning.Contains($"`{SettingText.AllOf(setting.ItemType)[0]}`: ", StringComparison.Ordinal) ? string.Join(", ", SettingText.AllOf(setting.ItemType).Select(static value => $"`{value}`")) + ". " : string.Empty;
        var more = See.TryGetValue(setting.Path, out var page) ? page[0] == '#' ? $" See [below]({page})." : $" See [{page.Split('#')[0]}]({page})." : string.Empty;
        var meaning = (values + setting.Meaning).Replace("|", @"\|", StringComparison.Ordinal);
        return $"| `{setting.Key}` | {DefaultOf(setting)} | {meaning}{more} |";
    }

    private static string DefaultOf(Setting setting) => setting.DefaultInWords ?? setting.Default switch
    {
        null => setting.CanBeNone ? "`none`" : string.Empty,
        bool flag => flag ? "`true`" : "`false`",
        int or long => TextOf(Convert.ToInt64(setting.Default, CultureInfo.InvariantCulture)),
        TimeSpan time => TextOf(time),
        string { Length: 0 } => string.Empty,
        string or Enum => $"`{SettingText.Of(setting.Default)}`",
        IEnumerable list when setting.Section is null && setting.IsList => string.Join(", ", list.Cast<object>().Select(static one => $"`{SettingText.Of(one)}`")),
        _ => string.Empty,
    };

    private static string TextOf(long number) =>
        number >= 1 << 20 && number % (1 << 20) == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{number} ({number >> 20} MiB)")
            : number.ToString(CultureInfo.InvariantCulture);

    private static string TextOf(TimeSpan time) => time switch
    {
        _ when time >= TimeSpan.FromMinutes(1) && time.Seconds == 0 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.###} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s"),
    };
}
