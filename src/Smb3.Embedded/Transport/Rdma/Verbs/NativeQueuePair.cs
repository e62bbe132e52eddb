using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>A queue pair through the system's libraries.</summary>
internal sealed unsafe class NativeQueuePair : INativeQueuePair
{
    private const int MostReads = 32; // as many as Linux' client answers at a time
    private const int Retries = 6;

    private readonly CmId _id;
    private readonly DeviceContext _device;
    private readonly DeviceAttributes _attributes;
    private nint _channel;
    private nint _completions;
    private nint _pair;
    private uint _unacknowledged;

    private NativeQueuePair(CmId id)
    {
        _id = id;
        _device = new DeviceContext(id.Context);
        _ = VerbsCalls.QueryDevice(id.Context, out _attributes); // all zero when it fails, which is too little for anything
    }

    public bool NeedsSinks => _device.IsIwarp;

    public int Descriptor => *(int*)(_channel + Layout.CompletionDescriptor);

    /// <summary>Makes one for a connection that a peer asks for.</summary>
    /// <exception cref="RdmaException">The system refuses; the connection itself is left to the caller.</exception>
    public static NativeQueuePair Create(CmId id, nint domain, QueueSizes sizes)
    {
        var pair = new NativeQueuePair(id);
        try
        {
            pair.Open(domain, sizes);
            return pair;
        }
        catch
        {
            pair.FreeQueues();
            throw;
        }
    }

    /// <summary>Accepts the connection.</summary>
    /// <param name="readsAllowed">RDMA reads that the peer lets us have under way; 0: it does not say.</param>
    /// <exception cref="RdmaException">The system refuses.</exception>
    public void Accept(byte readsAllowed)
    {
        // Without a word of the peer one read at a time is what it can always answer.
        var reads = Math.Clamp(Math.Min(_attributes.MaxInitiatorReads, (int)Math.Max(readsAllowed, (byte)1)), 1, MostReads);

        // SMB Direct's peers tell each other their read limits in the private data over iWARP: how many this side answers, which is none,
        // and how many it asks for.
        var limits = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(limits, 4), 0);
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(limits + 4, 4), (uint)reads);
        var parameters = new ConnectionParameters
        {
            Data = _device.IsIwarp ? limits : null,
            DataLength = (byte)(_device.IsIwarp ? 8 : 0),
            InitiatorDepth = (byte)reads,
            Retries = Retries,
        };
        if (CmCalls.Accept(_id.Pointer, &parameters) != 0)
        {
            throw RdmaException.Refused("the connection cannot be accepted", Marshal.GetLastPInvokeError());
        }
    }

    public bool TryPostReceive(ulong id, VerbsBuffer buffer)
    {
        var piece = new MemoryPiece { Address = buffer.Address, Length = (uint)buffer.Size, Key = buffer.Region.Key };
        var request = new ReceiveRequest { Id = id, Pieces = &piece, PieceCount = 1 };
        return _device.PostReceive(_pair, &request) == 0;
    }

    public bool TryPostSend(ulong id, VerbsBuffer buffer, int length, uint? invalidates)
    {
        var piece = new MemoryPiece { Address = buffer.Address, Length = (uint)length, Key = buffer.Region.Key };
        var request = Request(id, WorkKind.Send, &piece);
        if (invalidates is { } token && _attributes.CanInvalidate)
        {
            request.Kind = WorkKind.SendWithInvalidate;
            request.Invalidates = token;

            // The library of soft iWARP (siw) takes it from here; a SEND has no other use for this field.
            request.RemoteKey = token;
        }

        return _device.PostSend(_pair, &request) == 0;
    }

    public bool TryPostMove(ulong id, WorkKind kind, ulong address, uint key, RemoteBuffer remote)
    {
        var piece = new MemoryPiece { Address = address, Length = remote.Length, Key = key };
        var request = Request(id, kind, &piece);
        request.RemoteAddress = remote.Offset;
        request.RemoteKey = remote.Token;
        return _device.PostSend(_pair, &request) == 0;
    }

    public int Poll(Span<WorkCompletion> completions)
    {
        fixed (WorkCompletion* first = completions)
        {
            return _device.Poll(_completions, completions.Length, first);
        }
    }

    public void TakeEvents()
    {
        while (VerbsCalls.TakeCompletionEvent(_channel, out _, out _) == 0)
        {
            _unacknowledged++;
        }
    }

    public void Arm() => _device.RequestNotification(_completions);

    public void Disconnect() => CmCalls.Disconnect(_id.Pointer);

    public void FreeConnection() => CmCalls.DestroyId(_id.Pointer);

    /// <summary>In the order that the library asks for: nothing is freed that something else still refers to.</summary>
    public void FreeQueues()
    {
        if (_pair != 0)
        {
            CmCalls.DestroyQueuePair(_id.Pointer);
            _pair = 0;
        }

        if (_completions != 0)
        {
            // Waits for the acknowledgement of every event that was taken.
            VerbsCalls.AcknowledgeCompletionEvents(_completions, _unacknowledged);
            _ = VerbsCalls.DestroyCompletionQueue(_completions);
            _completions = 0;
        }

        if (_channel != 0)
        {
            _ = VerbsCalls.DestroyCompletionChannel(_channel);
            _channel = 0;
        }
    }

    private static SendRequest Request(ulong id, WorkKind kind, MemoryPiece* piece) =>
        new() { Id = id, Pieces = piece, PieceCount = 1, Kind = kind, Flags = SendRequest.Signaled };

    private void Open(nint domain, QueueSizes sizes)
    {
        var completions = sizes.Receives + sizes.Sends;
        var most = Math.Min(_attributes.MaxRequests, _attributes.MaxCompletions - sizes.Receives);
        if (most < Math.Max(sizes.Receives, sizes.Sends))
        {
            throw RdmaException.TooSmall(most, Math.Max(sizes.Receives, sizes.Sends));
        }

        _channel = VerbsCalls.CreateCompletionChannel(_id.Context);
        if (_channel == 0 || !CmCalls.TryMakeNonBlocking(Descriptor))
        {
            throw RdmaException.Refused("no completion channel can be made", Marshal.GetLastPInvokeError());
        }

        _completions = VerbsCalls.CreateCompletionQueue(_id.Context, completions, 0, _channel, 0);
        if (_completions == 0)
        {
            throw RdmaException.Refused("no completion queue can be made", Marshal.GetLastPInvokeError());
        }

        var attributes = new QueuePairAttributes
        {
            SendCompletions = _completions,
            ReceiveCompletions = _completions,
            MaxSends = (uint)sizes.Sends,
            MaxReceives = (uint)sizes.Receives,
            MaxSendPieces = 1,
            MaxReceivePieces = 1,
            Type = QueuePairAttributes.ReliableConnection,
        };
        if (CmCalls.CreateQueuePair(_id.Pointer, domain, &attributes) != 0)
        {
            throw RdmaException.Refused("no queue pair can be made", Marshal.GetLastPInvokeError());
        }

        _pair = _id.QueuePair;
        Arm();
    }
}
