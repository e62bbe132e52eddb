using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.LsaRpc;
using Smb3.Embedded.Pipes.Samr;
using Smb3.Embedded.Pipes.SrvSvc;
using Smb3.Embedded.Pipes.WksSvc;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes;

/// <summary>The pipes of one server's IPC$: a fixed list. A client cannot create one, and nothing outside the list can be opened.</summary>
internal sealed class PipeRegistry
{
    private readonly RpcServer _server;
    private readonly (string Name, RpcEndpoint Endpoint)[] _pipes;

    public PipeRegistry(IPipeHost host, RpcServer server)
    {
        _server = server;

        // One server process stands behind the last three names, and its secondary address says so.
        var lsa = new RpcEndpoint(@"\PIPE\lsass", [new LsaRpcInterface(host), new SamrInterface(host)]);
        _pipes =
        [
            ("srvsvc", new RpcEndpoint(@"\PIPE\srvsvc", [new SrvSvcInterface(host)])),
            ("wkssvc", new RpcEndpoint(@"\PIPE\wkssvc", [new WksSvcInterface(host)])),
            ("lsarpc", lsa),
            ("lsass", lsa),
            ("samr", lsa),
        ];
    }

    /// <summary>Whether there is a pipe of this name; case does not matter.</summary>
    public bool Contains(ReadOnlySpan<char> name) => IndexOf(name) >= 0;

    /// <summary>Opens a pipe, as CREATE on IPC$ does.</summary>
    /// <param name="name">As the client sent it, relative to the share: case does not matter, and a leading backslash is wrong.</param>
    /// <param name="caller">Whose session it is. Whether an anonymous caller may come this far is up to the tree connect.</param>
    /// <param name="pipe">The pipe; the open owns and disposes it.</param>
    /// <returns>
    /// <see cref="NtStatus.Success"/>, <see cref="NtStatus.ObjectNameNotFound"/>, or <see cref="NtStatus.InsufficientResources"/> when the
    /// caller has too many pipes open.
    /// </returns>
    public NtStatus Open(ReadOnlySpan<char> name, RpcCaller caller, out NamedPipe? pipe)
    {
        pipe = null;
        if (IndexOf(name) is var index && index < 0)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (_server.Quotas.Enter(caller) is not { } quota)
        {
            return NtStatus.InsufficientResources;
        }

        pipe = new NamedPipe(_pipes[index].Name, _server, _pipes[index].Endpoint, quota);
        return NtStatus.Success;
    }

    private int IndexOf(ReadOnlySpan<char> name)
    {
        for (var i = 0; i < _pipes.Length; i++)
        {
            if (name.Equals(_pipes[i].Name, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }
}
