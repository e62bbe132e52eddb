namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>The server as a device of WS-Discovery.</summary>
/// <param name="Id">What it is known by, the same after each start.</param>
/// <param name="Name">The name by which Windows connects to it.</param>
/// <param name="FriendlyName">The name that people see.</param>
/// <param name="Workgroup">Its workgroup.</param>
/// <param name="MetadataPort">Where its description can be had by HTTP.</param>
internal sealed record PublishedComputer(Guid Id, string Name, string FriendlyName, string Workgroup, int MetadataPort)
{
    /// <summary>Its end point.</summary>
    public string Address { get; } = $"urn:uuid:{Id:D}";

    /// <summary>Where its description is.</summary>
    public string Path { get; } = $"/{Id:D}";
}
