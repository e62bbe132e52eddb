using Smb3.Embedded.Fuzzing.Generating;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>DCE/RPC by itself: the first byte chooses the pipe and whether it is bound already, the rest is what the client writes.</summary>
internal static class RpcTarget
{
    private static readonly string[] Names = ["srvsvc", "wkssvc", "lsarpc", "samr"];
    private static readonly PipeRegistry Pipes = Create();
    private static Exception? _fault;

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var name = Names[(input[0] & 0x7F) % Names.Length];
        Pipes.Open(name, new RpcCaller("alice", "SERVER"), out var pipe);
        using (pipe)
        {
            if ((input[0] & 0x80) == 0)
            {
                Write(pipe!, Seeding.Bind(name));
            }

            Write(pipe!, input[1..].ToArray());
            var buffer = new byte[8192];
            for (var reads = 0; reads < 100 && pipe!.TryRead(buffer, out var count) is Nt.NtStatus.Success or Nt.NtStatus.BufferOverflow; reads++)
            {
                _ = count;
            }
        }

        if (Interlocked.Exchange(ref _fault, null) is { } fault)
        {
            throw new InvalidOperationException("A call failed.", fault);
        }
    }

    /// <summary>Every read of the reader in the order that the input says.</summary>
    public static void Ndr(ReadOnlySpan<byte> input)
    {
        var orders = input[..Math.Min(16, input.Length)];
        var reader = new NdrReader(input[orders.Length..]);
        foreach (var order in orders)
        {
            switch (order % 12)
            {
                case 0:
                    reader.ReadUInt32();
                    break;
                case 1:
                    reader.ReadUInt16();
                    break;
                case 2:
                    reader.ReadByte();
                    break;
                case 3:
                    reader.ReadGuid();
                    break;
                case 4:
                    reader.ReadString();
                    break;
                case 5:
                    reader.ReadUniqueString();
                    break;
                case 6:
                    reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
                    break;
                case 7:
                    reader.ReadSid();
                    break;
                case 8:
                    reader.ReadCount(1000, 4);
                    break;
                case 9:
                    reader.ReadUniqueUInt32();
                    break;
                case 10:
                    reader.Align(8);
                    break;
                default:
                    reader.ReadBytes(order);
                    break;
            }
        }
    }

    private static void Write(NamedPipe pipe, byte[] data)
    {
        var writing = pipe.WriteAsync(data).AsTask();
        if (!writing.Wait(TimeSpan.FromSeconds(10)))
        {
            throw new TimeoutException("The pipe does not take what was written.");
        }
    }

    private static PipeRegistry Create()
    {
        var users = new InMemoryUserStore();
        users.Add("alice", "x");
        return new PipeRegistry(
            new PipeHost(new ServerGraph(new ServerSettings()), new AccountDirectory("SERVER", users)),
            new RpcServer(new RpcLimits(), null, e => Volatile.Write(ref _fault, e)));
    }
}
