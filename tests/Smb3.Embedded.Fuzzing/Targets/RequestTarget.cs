using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Ioctl;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.Wire.Oplock;
using Smb3.Embedded.Wire.Session;
using Smb3.Embedded.Wire.Smb1Negotiate;
using Smb3.Embedded.Wire.Tree;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>A whole request: parsed by its command, and every variable part of it read.</summary>
internal static class RequestTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (Smb1NegotiateRequest.TryParse(input, out var greeting))
        {
            _ = greeting.OffersSmb202 | greeting.OffersSmb2Wildcard;
        }

        if (!Smb2Header.TryParse(input, out var header))
        {
            return;
        }

        switch (header.Command)
        {
            case Smb2Command.Negotiate:
                ReadNegotiate(input);
                break;
            case Smb2Command.SessionSetup:
                if (SessionSetupRequest.TryParse(input, out var setup))
                {
                    TokenTarget.Run(setup.SecurityBuffer);
                }

                break;
            case Smb2Command.TreeConnect:
                if (TreeConnectRequest.TryParse(input, out var connect))
                {
                    _ = connect.GetPath();
                }

                break;
            case Smb2Command.Create:
                ReadCreate(input);
                break;
            case Smb2Command.Ioctl:
                if (IoctlRequest.TryParse(input, out var control))
                {
                    StructureTarget.Buffers(control.Input);
                }

                break;
            case Smb2Command.QueryInfo:
                if (QueryInfoRequest.TryParse(input, out var query))
                {
                    StructureTarget.Buffers(query.Input);
                }

                break;
            case Smb2Command.SetInfo:
                if (SetInfoRequest.TryParse(input, out var set))
                {
                    StructureTarget.Buffers(set.Buffer);
                }

                break;
            default:
                ReadOther(input, header.Command);
                break;
        }
    }

    private static void ReadNegotiate(ReadOnlySpan<byte> input)
    {
        if (!NegotiateRequest.TryParse(input, out var request))
        {
            return;
        }

        for (var i = 0; i < request.DialectCount; i++)
        {
            _ = request.Dialect(i);
        }

        if (request.TryGetContexts(out var contexts))
        {
            foreach (var context in contexts)
            {
                _ = context.Data.Length;
            }
        }
    }

    private static void ReadCreate(ReadOnlySpan<byte> input)
    {
        if (CreateRequest.TryParse(input, out var create))
        {
            _ = create.GetName();
            if (create.TryGetContexts(out var contexts))
            {
                foreach (var context in contexts)
                {
                    StructureTarget.ReadContext(context);
                }
            }
        }
    }

    private static void ReadOther(ReadOnlySpan<byte> input, Smb2Command command)
    {
        if (command == Smb2Command.Lock && LockRequest.TryParse(input, out var locks))
        {
            for (var i = 0; i < locks.LockCount; i++)
            {
                _ = locks[i];
            }
        }

        if (command == Smb2Command.Write && WriteRequest.TryParse(input, out var write))
        {
            _ = input.Slice(write.DataOffset, write.DataLength).Length;
            if (write.TryGetChannelInfo(out var info))
            {
                RdmaTarget.Transform(info);
            }
        }

        if (command == Smb2Command.QueryDirectory && QueryDirectoryRequest.TryParse(input, out var listing))
        {
            _ = listing.GetPattern();
        }

        _ = ReadRequest.TryParse(input, out _) | CloseRequest.TryParse(input, out _) | FlushRequest.TryParse(input, out _)
            | ChangeNotifyRequest.TryParse(input, out _) | OplockBreakAcknowledgment.TryParse(input, out _);
    }
}
