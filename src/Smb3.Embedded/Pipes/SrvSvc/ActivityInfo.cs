using Smb3.Embedded.Pipes.Host;
using ConnectionField = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.Host.PipeTreeConnect>;
using ConnectionLevel = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.Host.PipeTreeConnect>;
using FileField = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.Host.PipeOpenFile>;
using FileLevel = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.Host.PipeOpenFile>;
using SessionField = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.Host.PipeSession>;
using SessionLevel = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.Host.PipeSession>;

namespace Smb3.Embedded.Pipes.SrvSvc;

/// <summary>
/// The levels of session, connection and file information (MS-SRVS 2.2.4.1 to 2.2.4.2, 2.2.4.6 to 2.2.4.7 and
/// 2.2.4.11 to 2.2.4.15).
/// </summary>
internal static class ActivityInfo
{
    private const uint SessionIsGuest = 1;

    private static readonly SessionField Client = SessionField.Text(session => session.ClientName);
    private static readonly SessionField SessionUser = SessionField.Text(session => session.UserName);
    private static readonly SessionField SessionOpens = SessionField.Number(session => session.OpenCount);
    private static readonly SessionField SessionTime = SessionField.Number(session => Seconds(session.Active));
    private static readonly SessionField SessionIdle = SessionField.Number(session => Seconds(session.Idle));
    private static readonly SessionField UserFlags = SessionField.Number(session => session.IsGuest ? SessionIsGuest : 0);
    private static readonly SessionField ClientType = SessionField.Text(_ => "");
    private static readonly SessionField TransportName = SessionField.Text(_ => "");

    private static readonly SessionLevel Session0 = new(Client);
    private static readonly SessionLevel Session1 = new(Client, SessionUser, SessionOpens, SessionTime, SessionIdle, UserFlags);

    private static readonly SessionLevel Session2 =
        new(Client, SessionUser, SessionOpens, SessionTime, SessionIdle, UserFlags, ClientType);

    private static readonly SessionLevel Session10 = new(Client, SessionUser, SessionTime, SessionIdle);

    private static readonly SessionLevel Session502 =
        new(Client, SessionUser, SessionOpens, SessionTime, SessionIdle, UserFlags, ClientType, TransportName);

    private static readonly ConnectionField ConnectionId = ConnectionField.Number(connection => connection.Id);
    private static readonly ConnectionLevel Connection0 = new(ConnectionId);

    private static readonly ConnectionLevel Connection1 = new(
        ConnectionId,
        ConnectionField.Number(connection => (uint)connection.ShareType),
        ConnectionField.Number(connection => connection.OpenCount),
        ConnectionField.Number(_ => 1),
        ConnectionField.Number(connection => Seconds(connection.Active)),
        ConnectionField.Text(connection => connection.UserName),
        ConnectionField.Text(connection => connection.ShareName));

    private static readonly FileField FileId = FileField.Number(file => file.Id);
    private static readonly FileLevel File2 = new(FileId);

    private static readonly FileLevel File3 = new(
        FileId,
        FileField.Number(file => file.Permissions),
        FileField.Number(file => file.LockCount),
        FileField.Text(file => file.Path),
        FileField.Text(file => file.UserName));

    public static SessionLevel? ForSession(uint level) => level switch
    {
        0 => Session0,
        1 => Session1,
        2 => Session2,
        10 => Session10,
        502 => Session502,
        _ => null,
    };

    public static ConnectionLevel? ForConnection(uint level) => level switch
    {
        0 => Connection0,
        1 => Connection1,
        _ => null,
    };

    public static FileLevel? ForFile(uint level) => level switch
    {
        2 => File2,
        3 => File3,
        _ => null,
    };

    private static uint Seconds(TimeSpan time) => (uint)Math.Clamp(time.TotalSeconds, 0, uint.MaxValue);
}
