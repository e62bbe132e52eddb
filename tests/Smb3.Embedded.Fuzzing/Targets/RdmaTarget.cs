using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Transport.Rdma.Messages;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>What a peer sends over RDMA, and what a request says of the data that goes there.</summary>
internal static class RdmaTarget
{
    private const int Longest = 200_000;

    private static readonly SmbDirectSettings Settings = new() { ReceiveCredits = 8, SendCredits = 8, MaxFragmentedSize = 131_072 };

    /// <summary>
    /// The SENDs of a peer, each with its length in two bytes in front; the first is meant to negotiate. Whatever they are, the connection
    /// ends with the peer, has handed over nothing that the peer did not send, and has given back all memory.
    /// </summary>
    public static void Connection(ReadOnlySpan<byte> input) => ConnectionAsync(Split(input)).GetAwaiter().GetResult();

    /// <summary>The negotiation's answer, as a client reads it.</summary>
    public static void Answer(ReadOnlySpan<byte> input)
    {
        var written = new byte[NegotiateResponse.Size];
        if (NegotiateResponse.TryRead(input, out var response))
        {
            response.Write(written);
            Check(NegotiateResponse.TryRead(written, out var again) && again == response, "An answer is not read as it was written.");
        }
    }

    /// <summary>The transform of a WRITE or of a READ response, and the descriptors in it.</summary>
    public static void Transform(ReadOnlySpan<byte> input)
    {
        Descriptors(input);
        if (!RdmaTransform.TryParse(input, out var transform))
        {
            return;
        }

        Descriptors(transform.Descriptors);
        var written = new byte[RdmaTransform.SizeOf(transform.Crypto, transform.Descriptors.Length)];
        RdmaTransform.Write(written, transform.Crypto, transform.Channel, transform.Descriptors);
        Check(
            RdmaTransform.TryParse(written, out var again)
                && again.Crypto.Type == transform.Crypto.Type
                && again.Crypto.Signature.SequenceEqual(transform.Crypto.Signature)
                && again.Crypto.Nonce.SequenceEqual(transform.Crypto.Nonce)
                && again.Channel == transform.Channel
                && again.Descriptors.SequenceEqual(transform.Descriptors),
            "A transform is not read as it was written.");
    }

    private static void Descriptors(ReadOnlySpan<byte> input)
    {
        if (RdmaBufferDescriptor.TryCount(input, out var total))
        {
            ulong sum = 0;
            for (var at = 0; at < input.Length; at += RdmaBufferDescriptor.Size)
            {
                sum += RdmaBufferDescriptor.Read(input[at..]).Length;
            }

            Check(sum == total, "Descriptors are not added up.");
        }
    }

    private static async Task ConnectionAsync(List<byte[]> sends)
    {
        var fabric = new InProcessFabric();
        var buffers = new BufferPool();
        var client = fabric.Connect();
        var server = await fabric.AcceptAsync(Settings.MaxReceiveSize, CancellationToken.None);
        var transport = SmbDirectTransport.Accept(server!, Settings, buffers);
        var receiving = Task.Run(() => ReceiveAllAsync(transport));
        long sent = 0;
        foreach (var send in sends)
        {
            // Without a receive the connection would only end, which says nothing about what is sent.
            if (!SpinWait.SpinUntil(() => client.Peer.PostedCount > 0 || receiving.IsCompleted, TimeSpan.FromMilliseconds(50)))
            {
                break;
            }

            // What the server sends needs receives too.
            client.TryPostReceive(client.Rent(Settings.MaxSendSize));
            var buffer = client.Rent(Math.Max(send.Length, 1));
            send.CopyTo(buffer.Memory);
            sent += send.Length;
            if (!await client.SendAsync(buffer, send.Length, invalidate: null))
            {
                break;
            }
        }

        client.Disconnect();
        var received = await receiving.WaitAsync(TimeSpan.FromSeconds(20));
        Check(received <= sent, "More was received than sent.");
        await transport.DisposeAsync();
        await client.DisposeAsync();
        await fabric.DisposeAsync();
        Check(buffers.Rented == 0 && fabric.Buffers.Rented == 0, "A connection keeps memory.");
    }

    private static async Task<long> ReceiveAllAsync(SmbDirectTransport transport)
    {
        long received = 0;
        while (true)
        {
            var (_, message) = await transport.ReceiveAsync(static () => Longest, CancellationToken.None);
            if (message is null)
            {
                return received;
            }

            Check(message.Length is > 0 and <= Longest, "A message is longer than is accepted.");
            received += message.Length;
            message.Dispose();
        }
    }

    private static List<byte[]> Split(ReadOnlySpan<byte> input)
    {
        var sends = new List<byte[]>();
        while (input.Length >= sizeof(ushort) && sends.Count < 64)
        {
            var length = Math.Min(input[0] | (input[1] << 8), input.Length - sizeof(ushort));
            sends.Add(input.Slice(sizeof(ushort), length).ToArray());
            input = input[(sizeof(ushort) + length)..];
        }

        return sends;
    }

    private static void Check(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }
}
