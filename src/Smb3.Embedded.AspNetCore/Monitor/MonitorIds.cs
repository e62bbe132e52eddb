using System.Globalization;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>Ids as text: JavaScript's numbers have not enough digits.</summary>
internal static class MonitorIds
{
    public static string Of(ulong id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>An oplock is known by its one open.</summary>
    public static string Of(SmbActiveLease lease) => lease.LeaseKey is { } key ? $"{lease.ClientGuid:n}{key:n}" : Of(lease.OpenIds[0]);
}
