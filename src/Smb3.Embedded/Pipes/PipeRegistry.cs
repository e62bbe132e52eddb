using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.LsaRpc;
using Smb3.Embedded.Pipes.SrvSvc;
using Smb3.Embedded.Pipes.WksSvc;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes;

/// <summary>The pipes of one server's IPC$: a fixed list. A client cannot create one, and nothing outside the list can be opened.</summary>
internal sealed class PipeRegistry
{
    private readonly PipeEndpoint[] _endpoints;
    private readonly RpcAssociationTable _associations = new();

    public PipeRegistry(IPipeHost host)
    {
        IRpcInterface lsa = new LsaRpcInterface(host);
        _endpoints =
        [
            new("srvsvc", @"\PIPE\srvsvc", new SrvSvcInterface(host)),
            new("wkssvc", @"\PIPE\wkssvc", new WksSvcInterface(host)),

            // One server process stands behind both names, and the secondary address says so.
            new("lsarpc", @"\PIPE\lsass", lsa),
            new("lsass", @"\PIPE\lsass", lsa),
        ];
    }

    /// <summary>Whether there is a pipe of this name; case does not matter, nor one leading backslash.</summary>
    public bool Contains(ReadOnlySpan<char> name) => Find(name) is not null;

    /// <summary>Opens a pipe, as CREATE on IPC$ does.</summary>
    /// <param name="name">As the client sent it: case does not matter, one leading backslash is allowed.</param>
    /// <param name="caller">Whose session it is. Whether an anonymous caller may come this far is for the tree connect to say.</param>
    /// <param name="pipe">The pipe; the open owns and disposes it.</param>
    /// <returns><see cref="NtStatus.Success"/> or <see cref="NtStatus.ObjectNameNotFound"/>.</returns>
    public NtStatus Open(ReadOnlySpan<char> name, RpcCaller caller, out NamedPipe? pipe)
    {
        pipe = null;
        if (Find(name) is not { } endpoint)
        {
            return NtStatus.ObjectNameNotFound;
        }

        pipe = new NamedPipe(
            endpoint.Name, new RpcConnection(endpoint.SecondaryAddress, endpoint.Interfaces, _associations, caller));
        return NtStatus.Success;
    }

    private PipeEndpoint? Find(ReadOnlySpan<char> name)
    {
        if (name.StartsWith('\\'))
        {
            name = name[1..];
        }

        foreach (var endpoint in _endpoints)
        {
            if (name.Equals(endpoint.Name, StringComparison.OrdinalIgnoreCase))
            {
                return endpoint;
            }
        }

        return null;
    }

    private sealed class PipeEndpoint(string name, string secondaryAddress, params IRpcInterface[] interfaces)
    {
        public string Name { get; } = name;

        public string SecondaryAddress { get; } = secondaryAddress;

        public IRpcInterface[] Interfaces { get; } = interfaces;
    }
}
