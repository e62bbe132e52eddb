using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_QUERY_NETWORK_INTERFACE_INFO (MS-SMB2 3.3.5.15.11): where a client can open further channels.</summary>
internal sealed class NetworkInterfaceInfoControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var request = call.Request;

        // A dialect without channels is no reason for Windows to keep the list back: the section says MAY.
        var negotiated = request.Connection.Negotiated!;
        var mayBind = negotiated.IsSmb3
            ? (negotiated.ServerCapabilities & Smb2Capabilities.MultiChannel) != 0
            : request.Graph.Settings.MultiChannel;
        if (!mayBind)
        {
            return new(NtStatus.NotSupported);
        }

        var interfaces = request.Graph.Interfaces();
        if (interfaces.Count * NetworkInterfaceInfo.EntrySize > call.MaxOutput)
        {
            return new(NtStatus.BufferTooSmall);
        }

        var output = new byte[interfaces.Count * NetworkInterfaceInfo.EntrySize];
        for (var i = 0; i < interfaces.Count; i++)
        {
            var entry = interfaces[i];
            NetworkInterfaceInfo.Write(
                output.AsSpan(i * NetworkInterfaceInfo.EntrySize),
                entry.Index,
                (entry.Rss ? NetworkInterfaceCapabilities.Rss : NetworkInterfaceCapabilities.None)
                    | (entry.Rdma ? NetworkInterfaceCapabilities.Rdma : NetworkInterfaceCapabilities.None),
                entry.LinkSpeed,
                entry.Address,
                isLast: i == interfaces.Count - 1);
        }

        call.Output = output;
        return new(NtStatus.Success);
    }
}
