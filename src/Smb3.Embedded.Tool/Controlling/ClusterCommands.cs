using System.CommandLine;
using System.Globalization;
using Smb3.Embedded.Control.Protocol;
using Smb3.Embedded.Tool.Output;

namespace Smb3.Embedded.Tool.Controlling;

/// <summary>What can be seen and done of a cluster through one of its nodes.</summary>
internal static class ClusterCommands
{
    public static Command Create()
    {
        var share = new Argument<string>("SHARE") { Description = "The share, or the part of one." };
        var node = new Argument<string>("NODE") { Description = "The node that is to have it." };
        var other = new Argument<string>("NODE") { Description = "Another node." };
        var command = new Command("cluster", "Show the cluster that a server of this machine is a node of, and move its shares.");
        foreach (var one in (Command[])
        [
            ServerChoice.Ask(new Command("status", "Show the nodes and who serves which share."), static _ => new ControlRequest { Do = ControlProtocol.Cluster }, Print),
            ServerChoice.Ask(
                new Command("move", "Move a share to another node; ends when that has it.") { share, node },
                parsed => new ControlRequest { Do = ControlProtocol.Move, Share = parsed.GetValue(share), Node = parsed.GetValue(node) }, Print, mayTakeLong: true),
            ServerChoice.Ask(
                new Command("drain", "Give all shares of this node to others, and take none until `resume`."),
                static _ => new ControlRequest { Do = ControlProtocol.Drain }, Print, mayTakeLong: true),
            ServerChoice.Ask(new Command("resume", "Take shares again."), static _ => new ControlRequest { Do = ControlProtocol.Resume }, Print),
            ServerChoice.Ask(
                new Command("fence", "Shut a node out that does harm and cannot be reached; ends when its lease has run out and it serves nothing any more.") { other },
                parsed => new ControlRequest { Do = ControlProtocol.Fence, Node = parsed.GetValue(other) }, Print, mayTakeLong: true),
            ServerChoice.Ask(
                new Command("unfence", "Let a node in again.") { other },
                parsed => new ControlRequest { Do = ControlProtocol.Unfence, Node = parsed.GetValue(other) }, Print),
        ])
        {
            command.Subcommands.Add(one);
        }

        return command;
    }

    private static int Print(IReadOnlyList<ControlRow> rows)
    {
        var nodes = new Sheet("NODE", "STATE", "<LEASE", "<FILES", "<PER SECOND", "ADDRESSES");
        foreach (var node in rows.OfType<ControlNode>())
        {
            nodes.Add(
                node.IsHere ? $"{node.Name} (here)" : node.Name, node.IsFenced ? "fenced" : node.IsDraining ? "draining" : node.IsAlive ? "alive" : "dead",
                string.Create(CultureInfo.InvariantCulture, $"{node.LeaseSecondsLeft:0} s"), node.Files.ToString(CultureInfo.InvariantCulture),
                Amounts.Bytes(node.BytesPerSecond), string.Join(", ", node.Addresses));
        }

        nodes.Print();
        Console.WriteLine();
        var shares = new Sheet("SHARE", "NODE", "MOVES TO", "<EPOCH", "PART OF");
        foreach (var share in rows.OfType<ControlClusterShare>())
        {
            shares.Add(
                share.Name, share.Owner ?? "none", share.MovesTo ?? string.Empty, share.Epoch.ToString(CultureInfo.InvariantCulture),
                share.PartOf is { } whole ? $@"{whole}\{share.Folder}" : string.Empty);
        }

        shares.Print();
        return 0;
    }
}
