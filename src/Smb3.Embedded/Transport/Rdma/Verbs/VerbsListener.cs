using System.Net;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>Listens at an address of one or more RDMA devices, through the system's libraries.</summary>
internal sealed class VerbsListener : IQueuePairListener
{
    /// <summary>Connections that wait to be accepted; nothing has been made for them yet.</summary>
    private const int Backlog = 128;

    private readonly Channel<CmEvent> _requests = System.Threading.Channels.Channel.CreateBounded<CmEvent>(
        new BoundedChannelOptions(Backlog) { SingleReader = true });

    /// <summary>How often a listener whose device was taken away looks whether there is one again.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _sync = new(); // around the life of the listener
    private readonly VerbsHost _host;
    private readonly Action<RdmaException, EndPoint> _refused;
    private readonly ITimer _again;
    private CmId _id;
    private bool _disposed;

    private VerbsListener(SmbDirectSettings settings, Action<RdmaException, EndPoint> refused)
    {
        _refused = refused;
        _host = new VerbsHost(QueueSizes.Of(settings), settings.Time, Arrived, refused);
        _again = settings.Time.CreateTimer(
            static self => ((VerbsListener)self!).Reopen(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public EndPoint EndPoint { get; private set; } = null!;

    /// <summary>Binds and listens.</summary>
    /// <param name="endPoint">The end point; port 0 takes a free one.</param>
    /// <param name="settings">What the connections are going to need.</param>
    /// <param name="refused">Told when the system refuses what a connection needs, which ends that connection alone.</param>
    /// <exception cref="RdmaException">It cannot.</exception>
    public static VerbsListener Listen(SmbRdmaEndPoint endPoint, SmbDirectSettings settings, Action<RdmaException, EndPoint> refused)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            throw RdmaException.WrongSystem();
        }

        VerbsListener listener;
        try
        {
            listener = new VerbsListener(settings, refused);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw RdmaException.MissingLibrary(e);
        }

        try
        {
            listener.Open(endPoint);
            return listener;
        }
        catch
        {
            listener.Close();
            throw;
        }
    }

    public async ValueTask<IQueuePair?> AcceptAsync(int firstReceive, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var request = await _requests.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return _host.Accept(request, firstReceive);
            }
            catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
            {
                return null;
            }
            catch (RdmaException e)
            {
                // One connection failed: the listener goes on, but not in a hot loop.
                _refused(e, EndPoint);
                await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return default;
    }

    private unsafe void Open(SmbRdmaEndPoint endPoint)
    {
        if (CmCalls.CreateId(_host.Channel, out var id, 0, CmCalls.TcpPortSpace) != 0)
        {
            throw RdmaException.NoManager(Marshal.GetLastPInvokeError());
        }

        _id = new CmId(id);
        var address = endPoint.Serialize();
        fixed (byte* start = address.Buffer.Span)
        {
            if (CmCalls.Bind(id, start) != 0 || CmCalls.Listen(id, Backlog) != 0)
            {
                throw RdmaException.CannotBind(endPoint, Marshal.GetLastPInvokeError());
            }
        }

        EndPoint = new SmbRdmaEndPoint(endPoint.Address, _id.Local.Port);
    }

    /// <summary>
    /// The device of the address that is listened on was taken away, and the listener with it: listens again as soon as the address has one.
    /// </summary>
    private void Reopen()
    {
        lock (_sync)
        {
            if (_disposed)
            {
                return;
            }

            Destroy();
            try
            {
                Open((SmbRdmaEndPoint)EndPoint);
            }
            catch (RdmaException)
            {
                Destroy();
                _again.Change(LookInterval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Waits for events that are being served, none of which waits for anything.</summary>
    private void Destroy()
    {
        if (_id.Pointer != 0)
        {
            CmCalls.DestroyId(_id.Pointer);
            _id = default;
        }
    }

    private void Close()
    {
        lock (_sync)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Destroy();
        }

        _again.Dispose();
        _requests.Writer.TryComplete();
        while (_requests.Reader.TryRead(out var request))
        {
            VerbsHost.Reject(request.Id);
        }

        _host.Dispose();
    }

    private void Arrived(CmEvent arrived)
    {
        if (arrived.Kind == CmEventKind.DeviceRemoval && arrived.Id == _id)
        {
            // Not here, where the events are served that destroying it waits for.
            _again.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        else if (arrived.Kind == CmEventKind.ConnectRequest && !_requests.Writer.TryWrite(arrived))
        {
            VerbsHost.Reject(arrived.Id);
        }
    }
}
