using Smb3.Embedded.Commands.Info;
using Smb3.Embedded.Commands.Io;
using Smb3.Embedded.Commands.Ioctl;
using Smb3.Embedded.Commands.Logon;
using Smb3.Embedded.Commands.Negotiate;
using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Commands.Trees;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands;

/// <summary>Every command of SMB2 and its handler.</summary>
internal static class CommandSet
{
    public static CommandTable Create(CommandServices services)
    {
        var commands = new CommandTable();
        commands.Add(
            Smb2Command.Negotiate, CommandNeeds.None,
            new NegotiateHandler(services, new NegotiateAnswer(services.Settings, services.Authenticator)));
        commands.Add(Smb2Command.SessionSetup, CommandNeeds.None, new SessionSetupHandler(services));
        commands.Add(Smb2Command.Logoff, CommandNeeds.Session, new LogoffHandler(services));
        commands.Add(Smb2Command.TreeConnect, CommandNeeds.Session, new TreeConnectHandler(services));
        commands.Add(Smb2Command.TreeDisconnect, CommandNeeds.Tree, new TreeDisconnectHandler());
        commands.Add(Smb2Command.Create, CommandNeeds.Tree, new CreateHandler(services));
        commands.Add(Smb2Command.Close, CommandNeeds.Tree, new CloseHandler());
        commands.Add(Smb2Command.Flush, CommandNeeds.Tree, new FlushHandler());
        commands.Add(Smb2Command.Read, CommandNeeds.Tree, new ReadHandler());
        commands.Add(Smb2Command.Write, CommandNeeds.Tree, new WriteHandler());
        commands.Add(Smb2Command.Lock, CommandNeeds.Tree, new LockHandler());
        commands.Add(Smb2Command.Ioctl, CommandNeeds.Tree, new IoctlHandler(FsControlTable.Create(services)));
        commands.Add(Smb2Command.Echo, CommandNeeds.None, new EchoHandler());
        commands.Add(Smb2Command.QueryDirectory, CommandNeeds.Tree, new QueryDirectoryHandler());
        commands.Add(Smb2Command.ChangeNotify, CommandNeeds.Tree, new ChangeNotifyHandler());
        commands.Add(Smb2Command.QueryInfo, CommandNeeds.Tree, new QueryInfoHandler());
        commands.Add(Smb2Command.SetInfo, CommandNeeds.Tree, new SetInfoHandler());
        commands.Add(Smb2Command.OplockBreak, CommandNeeds.Tree, new OplockBreakHandler());
        return commands;
    }

    public static ISmb1Negotiator CreateSmb1Negotiator(CommandServices services) =>
        new Smb1Negotiator(services, new NegotiateAnswer(services.Settings, services.Authenticator));
}
