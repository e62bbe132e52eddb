using System.Net;

namespace Smb3.Embedded.Rpc.Tcp;

/// <summary>Decides who may connect, and proves who they are. Never throws.</summary>
internal interface IRpcTcpGate
{
    /// <summary>A client has connected and sent nothing yet. Gives the security providers of its connection; null closes it.</summary>
    ValueTask<IRpcSecurity?> AdmitAsync(EndPoint local, EndPoint remote, CancellationToken cancellation);

    /// <summary>An admitted connection has ended.</summary>
    void Ended(IRpcSecurity security);

    /// <summary>So many connections did not end when the server stopped.</summary>
    void Left(int count);

    /// <summary>A connection was closed because there are too many.</summary>
    /// <param name="remote">Its client.</param>
    /// <param name="inTotal">Whether in total; otherwise from its address.</param>
    void TooMany(EndPoint remote, bool inTotal);

    /// <summary>A listener, or the server itself, failed.</summary>
    void Fault(Exception exception, EndPoint endPoint);
}
