using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma.Verbs;

/// <summary>
/// The structures that are shared with librdmacm and libibverbs. The figures are what sizeof and offsetof say with the headers of rdma-core
/// 44 on 64-bit Linux.
/// </summary>
public sealed unsafe class LayoutTests
{
    [Fact]
    public void Structures_are_as_long_as_those_of_the_headers()
    {
        Assert.Equal(16, sizeof(MemoryPiece)); // ibv_sge
        Assert.Equal(128, sizeof(SendRequest)); // ibv_send_wr
        Assert.Equal(32, sizeof(ReceiveRequest)); // ibv_recv_wr
        Assert.Equal(48, sizeof(WorkCompletion)); // ibv_wc
        Assert.Equal(64, sizeof(QueuePairAttributes)); // ibv_qp_init_attr
        Assert.Equal(24, sizeof(ConnectionParameters)); // rdma_conn_param
        Assert.Equal(232, sizeof(DeviceAttributes)); // ibv_device_attr
    }

    [Fact]
    public void Fields_lie_where_those_of_the_headers_do()
    {
        SendRequest send = default;
        Assert.Equal(
            [8, 16, 24, 28, 32, 36, 40, 48],
            [
                Offset(&send, &send.Next), Offset(&send, &send.Pieces), Offset(&send, &send.PieceCount), Offset(&send, &send.Kind),
                Offset(&send, &send.Flags), Offset(&send, &send.Invalidates), Offset(&send, &send.RemoteAddress),
                Offset(&send, &send.RemoteKey),
            ]);
        QueuePairAttributes pair = default;
        Assert.Equal(
            [8, 16, 24, 32, 36, 40, 44, 48, 52, 56],
            [
                Offset(&pair, &pair.SendCompletions), Offset(&pair, &pair.ReceiveCompletions), Offset(&pair, &pair.SharedReceives),
                Offset(&pair, &pair.MaxSends), Offset(&pair, &pair.MaxReceives), Offset(&pair, &pair.MaxSendPieces),
                Offset(&pair, &pair.MaxReceivePieces), Offset(&pair, &pair.MaxInline), Offset(&pair, &pair.Type),
                Offset(&pair, &pair.SignalAll),
            ]);
        ConnectionParameters connection = default;
        Assert.Equal(
            [8, 9, 10, 11, 12, 13, 14, 16],
            [
                Offset(&connection, &connection.DataLength), Offset(&connection, &connection.ResponderResources),
                Offset(&connection, &connection.InitiatorDepth), Offset(&connection, &connection.FlowControl),
                Offset(&connection, &connection.Retries), Offset(&connection, &connection.UnreadyRetries),
                Offset(&connection, &connection.IsShared), Offset(&connection, &connection.QueuePairNumber),
            ]);
        DeviceAttributes device = default;
        Assert.Equal(
            [80, 112, 116, 132, 144, 156],
            [
                Offset(&device, &device.MaxRegion), Offset(&device, &device.MaxRequests), Offset(&device, &device.Capabilities),
                Offset(&device, &device.MaxCompletions), Offset(&device, &device.MaxResponderReads), Offset(&device, &device.MaxInitiatorReads),
            ]);
    }

    [Theory]
    [InlineData("00 00 00 10 00 00 00 01", 16)]
    [InlineData("20 00 00 00 01 00 00 00", 32)]
    [InlineData("00 00 01 00", 0)]
    [InlineData("00 00 10", 0)]
    [InlineData("", 0)]
    public void A_peer_over_iWARP_says_in_its_private_data_how_many_reads_it_allows(string hex, byte expected)
    {
        var data = Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));
        fixed (byte* start = data)
        {
            var connection = new ConnectionParameters { Data = start, DataLength = (byte)data.Length };
            Assert.Equal(expected, CmEvent.ReadsOf(&connection));
            connection.InitiatorDepth = 5;
            Assert.Equal(5, CmEvent.ReadsOf(&connection));
        }
    }

    [Fact]
    public void Addresses_are_read_as_sockets_write_them()
    {
        var memory = new byte[416];
        new System.Net.IPEndPoint(System.Net.IPAddress.Parse("192.0.2.1"), 5445).Serialize().Buffer.Span.CopyTo(memory.AsSpan(32));
        new System.Net.IPEndPoint(System.Net.IPAddress.Parse("2001:db8::7"), 40000).Serialize().Buffer.Span.CopyTo(memory.AsSpan(160));
        fixed (byte* start = memory)
        {
            var id = new CmId((nint)start);
            Assert.Equal("192.0.2.1:5445", id.Local.ToString());
            Assert.Equal("[2001:db8::7]:40000", id.Remote.ToString());
        }
    }

    private static int Offset(void* start, void* field) => (int)((byte*)field - (byte*)start);
}
