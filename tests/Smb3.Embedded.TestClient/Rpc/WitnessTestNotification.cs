using System.Net;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>The answer to WitnessrAsyncNotify.</summary>
internal sealed record WitnessTestNotification(uint Status)
{
    /// <summary>The type of message; zero: there is none.</summary>
    public uint Type { get; init; }

    public IReadOnlyList<(string Resource, uint State)> Changes { get; init; } = [];

    public IReadOnlyList<(IPAddress Address, uint Flags)> Addresses { get; init; } = [];
}
