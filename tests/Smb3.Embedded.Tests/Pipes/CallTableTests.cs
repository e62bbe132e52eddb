using System.Buffers.Binary;
using Smb3.Embedded.Pipes.NetApi;
using Smb3.Embedded.Rpc;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

/// <summary>
/// Every operation of every interface behind IPC$, at every level, in both byte orders, with its stub cut off at every length: what is answered
/// is an answer or a fault of the right kind, the same for both orders, and the connection goes on.
/// </summary>
public class CallTableTests
{
    private static readonly Guid WksSvc = new("6bffd098-a112-3610-9833-46c3f87e345a");

    private static readonly Guid Samr = new("12345778-1234-abcd-ef00-0123456789ac");

    private static readonly uint[] Levels =
        [.. Range(0, 20), .. Range(98, 105), .. Range(500, 510), 599, .. Range(1000, 1020), 1046, 1107, .. Range(1500, 1560), 0x7FFFFFFF, uint.MaxValue];

    /// <summary>The operations that read parameters: interface, number, and what they are given at a level.</summary>
    private static readonly Dictionary<string, (string Pipe, ushort Opnum, Action<Stub, uint> Write, bool HasLevel)> Calls = new()
    {
        ["NetrConnectionEnum"] = ("srvsvc", 8, (stub, level) => stub.Null().Unique("demo").Enum(level), true),
        ["NetrFileEnum"] = ("srvsvc", 9, (stub, level) => stub.Null().Null().Unique("alice").Enum(level), true),
        ["NetrFileGetInfo"] = ("srvsvc", 10, (stub, level) => stub.Null().Number(42).Number(level), true),
        ["NetrSessionEnum"] = ("srvsvc", 12, (stub, level) => stub.Unique("server").Null().Null().Enum(level), true),
        ["NetrShareEnum"] = ("srvsvc", 15, (stub, level) => stub.Unique(@"\\server").Enum(level), true),
        ["NetrShareGetInfo"] = ("srvsvc", 16, (stub, level) => stub.Null().Text("demo").Number(level), true),
        ["NetrShareCheck"] = ("srvsvc", 20, (stub, _) => stub.Null().Text(@"C:\demo"), false),
        ["NetrServerGetInfo"] = ("srvsvc", 21, (stub, level) => stub.Null().Number(level), true),
        ["NetrRemoteTOD"] = ("srvsvc", 28, (stub, _) => stub.Unique("server"), false),
        ["NetprNameValidate"] = ("srvsvc", 33, (stub, level) => stub.Null().Text("share").Number(level).Number(0), true),
        ["NetrShareEnumSticky"] = ("srvsvc", 36, (stub, level) => stub.Null().Enum(level), true),
        ["NetrWkstaGetInfo"] = ("wkssvc", 0, (stub, level) => stub.Unique("server").Number(level), true),
        ["NetrWkstaUserEnum"] = ("wkssvc", 2, (stub, level) => stub.Null().Enum(level), true),
        ["LsarOpenPolicy2"] = ("lsarpc", 44, (stub, level) => stub.Null().Attributes().Number(level), true),
        ["LsarOpenPolicy3"] = ("lsarpc", 130, (stub, level) => stub.Null().Attributes().Number(level).Number(1).Number(1).Number(1).Number(0), true),
        ["LsarGetUserName"] = ("lsarpc", 45, (stub, _) => stub.Null().Null().Null(), false),
        ["LsarClose"] = ("lsarpc", 0, (stub, _) => stub.Handle(), false),
        ["LsarQueryInformationPolicy2"] = ("lsarpc", 46, (stub, level) => stub.Handle().Short((ushort)level), true),
        ["LsarLookupSids"] = ("lsarpc", 15, (stub, level) => stub.Handle().Sids().Number(0).Null().Short((ushort)level).Number(0), true),
        ["SamrConnect5"] = ("samr", 64, (stub, level) => stub.Null().Number(level).Number(1).Number(1).Number(3).Number(0), true),
        ["SamrConnect4"] = ("samr", 62, (stub, level) => stub.Null().Number(2).Number(level), true),
        ["SamrQueryInformationDomain"] = ("samr", 8, (stub, level) => stub.Handle().Short((ushort)level), true),
        ["SamrGetDomainPasswordInformation"] = ("samr", 56, (stub, _) => stub.Null(), false),
        ["LsarLookupNames2"] = ("lsarpc", 58, (stub, level) => stub.Handle().Names().Number(0).Null().Short((ushort)level).Number(0).Number(0).Number(1), true),
    };

    public static TheoryData<string, bool> EveryCall
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var name in Calls.Keys)
            {
                data.Add(name, false);
                data.Add(name, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EveryCall))]
    public async Task EveryLevelIsAnsweredAlikeInBothByteOrders(string name, bool isAdministrator)
    {
        var call = Calls[name];
        using var client = await BindAsync(call.Pipe, isAdministrator);
        foreach (var level in call.HasLevel ? Levels : [0])
        {
            var (little, big) = (Written(call.Write, level, isBigEndian: false), Written(call.Write, level, isBigEndian: true));
            Assert.Equal(little.Length, big.Length);
            var answer = await client.SendAsync(PipeClient.RequestPdu(call.Opnum, little));
            var other = await client.SendAsync(BigEndianRequest(call.Opnum, big));

            // The answers that open something differ in the handle, those of NetrRemoteTOD in the time.
            Assert.Equal((answer.Length, answer[2]), (other.Length, other[2]));
            if (!name.Contains("OpenPolicy", StringComparison.Ordinal) && !name.Contains("Connect", StringComparison.Ordinal) && name != "NetrRemoteTOD")
            {
                Assert.Equal(answer, other);
            }

            if (call.Pipe is not ("lsarpc" or "samr"))
            {
                Assert.Equal(RpcPacketType.Response, PipeClient.Type(answer));
                Assert.True(Enum.IsDefined((NetApiStatus)BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(answer.Length - 4))));
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryCall))]
    public async Task AStubThatIsCutOffIsAFaultAndTheConnectionGoesOn(string name, bool isBigEndian)
    {
        var call = Calls[name];
        using var client = await BindAsync(call.Pipe, isAdministrator: true);
        foreach (var level in call.HasLevel ? new uint[] { 0, 1, 2, 3, 10, 100, 102, 502, 1005, 1501, 77 } : [0])
        {
            var stub = Written(call.Write, level, isBigEndian);
            for (var length = 0; length < stub.Length; length++)
            {
                var answer = await client.SendAsync(
                    isBigEndian ? BigEndianRequest(call.Opnum, stub[..length]) : PipeClient.RequestPdu(call.Opnum, stub.AsSpan(0, length)));
                if (PipeClient.Type(answer) != RpcPacketType.Response)
                {
                    // A handle that nobody has is noticed before what follows it.
                    var fault = PipeClient.FaultStatus(answer);
                    Assert.True(fault == RpcStatus.BadStubData || (fault == RpcStatus.ContextMismatch && length >= 20), $"{level}, {length}: {fault}");
                }
                else
                {
                    // Only behind a level that does not exist is there nothing to read.
                    var status = (NetApiStatus)BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(answer.Length - 4));
                    Assert.True(call.HasLevel && status == NetApiStatus.InvalidLevel, $"{level}, {length}: {status}");
                }
            }

            var whole = await client.SendAsync(isBigEndian ? BigEndianRequest(call.Opnum, stub) : PipeClient.RequestPdu(call.Opnum, stub));
            Assert.True(PipeClient.Type(whole) == RpcPacketType.Response || PipeClient.FaultStatus(whole) == RpcStatus.ContextMismatch);
        }
    }

    [Theory]
    [InlineData("srvsvc", 58)]
    [InlineData("wkssvc", 31)]
    [InlineData("lsarpc", 135)]
    [InlineData("samr", 68)]
    public async Task EveryNumberIsAnOperationOrOutOfRange(string pipe, int count)
    {
        using var client = await BindAsync(pipe, isAdministrator: true);
        foreach (var opnum in Enumerable.Range(0, count + 10).Append(0x7FFF).Append(0xFFFF))
        {
            foreach (var stub in new[] { [], new byte[4], new byte[64], [.. Enumerable.Repeat((byte)0xFF, 64)] })
            {
                var answer = await client.SendAsync(PipeClient.RequestPdu((ushort)opnum, stub));
                if (PipeClient.Type(answer) != RpcPacketType.Response)
                {
                    var fault = PipeClient.FaultStatus(answer);
                    Assert.Contains(
                        fault, new[] { RpcStatus.OperationRangeError, RpcStatus.BadStubData, RpcStatus.ContextMismatch, RpcStatus.AccessDenied });
                    Assert.True(opnum < count || fault == RpcStatus.OperationRangeError);
                }
            }
        }
    }

    /// <summary>What a level of NetrServerGetInfo and NetrShareGetInfo is told by: its structure, an empty arm, or no arm at all.</summary>
    [Theory]
    [InlineData(21, "100 101 102", "103 502 503 599 1005 1010 1016-1018 1107 1501-1503 1506 1510-1516 1518 1523 1528-1530 1533-1536 1538-1550 1552-1556")]
    [InlineData(16, "0 1 2 501 502 503 1005", "1004 1006 1501")]
    public async Task ALevelHasTheArmThatItsUnionGivesIt(ushort opnum, string told, string known)
    {
        using var client = await BindAsync("srvsvc", isAdministrator: true);
        var structures = Numbers(told);
        var arms = Numbers(known);
        foreach (var level in Range(0, 1600))
        {
            var stub = Written((stub, level) => (opnum == 16 ? stub.Null().Text("demo") : stub.Null()).Number(level), level, isBigEndian: false);
            var answer = await client.CallAsync(opnum, stub);
            var status = (NetApiStatus)BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(answer.Length - 4));
            Assert.Equal(level, BinaryPrimitives.ReadUInt32LittleEndian(answer));
            if (structures.Contains(level))
            {
                Assert.Equal((level, NetApiStatus.Success), (level, status));
                Assert.NotEqual(0u, BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(4)));
            }
            else
            {
                Assert.Equal((level, NetApiStatus.InvalidLevel, arms.Contains(level) ? 12 : 8), (level, status, answer.Length));
            }
        }
    }

    private static HashSet<uint> Numbers(string text) =>
        [.. text.Split(' ').Select(part => part.Split('-')).SelectMany(ends => Range(uint.Parse(ends[0], null), uint.Parse(ends[^1], null)))];

    private static IEnumerable<uint> Range(uint first, uint last)
    {
        for (var value = first; value <= last; value++)
        {
            yield return value;
        }
    }

    private static Task<PipeClient> BindAsync(string pipe, bool isAdministrator)
    {
        var client = new PipeClient(pipe, isAdministrator ? PipeClient.Administrator : PipeClient.User);
        return pipe switch
        {
            "srvsvc" => client.BindAsync(),
            "wkssvc" => client.BindAsync(WksSvc, 1),
            "samr" => client.BindAsync(Samr, 1),
            _ => client.BindAsync(PipeClient.LsaRpc, 0),
        };
    }

    private static byte[] Written(Action<Stub, uint> write, uint level, bool isBigEndian)
    {
        var stub = new Stub(isBigEndian);
        write(stub, level);
        return stub.ToArray();
    }

    /// <summary>A request of a peer whose integers have their highest byte first; contexts and calls are numbered as in the other one.</summary>
    private static byte[] BigEndianRequest(ushort opnum, byte[] stub)
    {
        var pdu = PipeClient.RequestPdu(opnum, stub);
        pdu[4] = 0;
        pdu.AsSpan(8, 2).Reverse();
        pdu.AsSpan(12, 4).Reverse();
        pdu.AsSpan(22, 2).Reverse();
        return pdu;
    }

    /// <summary>Parameters in NDR of either byte order.</summary>
    private sealed class Stub(bool isBigEndian)
    {
        private readonly List<byte> _bytes = [];
        private uint _referent = 0x20000;

        public byte[] ToArray() => [.. _bytes];

        public Stub Null() => Number(0);

        public Stub Number(uint value) => Add(BitConverter.GetBytes(value), 4);

        public Stub Short(ushort value) => Add(BitConverter.GetBytes(value), 2);

        public Stub Text(string text)
        {
            Number((uint)text.Length + 1).Number(0).Number((uint)text.Length + 1);
            foreach (var c in text + "\0")
            {
                Short(c);
            }

            return this;
        }

        public Stub Unique(string text) => Pointer().Text(text);

        /// <summary>{level, union of an empty container}, preferred length, resume handle.</summary>
        public Stub Enum(uint level) => Number(level).Number(level).Pointer().Number(0).Null().Number(uint.MaxValue).Pointer().Number(0);

        /// <summary>LSAPR_OBJECT_ATTRIBUTES.</summary>
        public Stub Attributes() => Number(24).Null().Null().Number(0).Null().Null();

        /// <summary>A context handle that nobody has.</summary>
        public Stub Handle() => Number(0).Number(0x11111111).Number(0x22222222).Number(0x33333333).Number(0x44444444);

        /// <summary>One SID, S-1-5-32-544.</summary>
        public Stub Sids() => Number(1).Pointer().Number(1).Pointer().Number(2).Raw(1, 2, 0, 0, 0, 0, 0, 5).Number(32).Number(544);

        /// <summary>One name.</summary>
        public Stub Names()
        {
            Number(1).Number(1).Short(10).Short(10).Pointer().Number(5).Number(0).Number(5);
            foreach (var c in "alice")
            {
                Short(c);
            }

            return this;
        }

        private Stub Pointer() => Number(_referent += 4);

        private Stub Raw(params byte[] bytes)
        {
            _bytes.AddRange(bytes);
            return this;
        }

        private Stub Add(byte[] bytes, int alignment)
        {
            while (_bytes.Count % alignment != 0)
            {
                _bytes.Add(0);
            }

            _bytes.AddRange(isBigEndian ? bytes.Reverse() : bytes);
            return this;
        }
    }
}
