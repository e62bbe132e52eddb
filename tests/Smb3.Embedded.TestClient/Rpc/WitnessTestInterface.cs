using System.Net;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>A WITNESS_INTERFACE_INFO.</summary>
internal sealed record WitnessTestInterface(string Group, uint Version, ushort State, IPAddress IPv4, IPAddress IPv6, uint Flags);
