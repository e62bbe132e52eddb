using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Discovery.Links;
using Smb3.Embedded.Discovery.Mdns;
using Smb3.Embedded.Discovery.WebServices;

namespace Smb3.Embedded.Discovery;

/// <summary>
/// The announcements of one run of a server: one loop that gives the responders what was received, lets them act when it is time, and looks
/// again at the interfaces and the shares. Nothing that arrives ends it.
/// </summary>
internal sealed class DiscoveryRun : IAsyncDisposable
{
    private const int QueueSize = 256, AtOnce = 64;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(3), Settling = TimeSpan.FromMilliseconds(200), FaultPause = TimeSpan.FromMinutes(1);

    private readonly SmbServer _server;
    private readonly DiscoverySettings _settings;
    private readonly ILogger _logger;
    private readonly long _start;
    private readonly CancellationTokenSource _end = new();
    private readonly List<IResponder> _responders = [];
    private readonly HashSet<(int, int, AddressFamily)> _notOpened = [];
    private readonly Channel<Datagram> _queue = Channel.CreateBounded<Datagram>(
        new BoundedChannelOptions(QueueSize) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private MetadataServer? _description;
    private volatile IReadOnlyList<Link> _links = [];
    private volatile bool _isNetworkChanged;
    private bool _wasWithout;
    private int _sharesLeftOut;
    private TimeSpan _nextLook;
    private TimeSpan? _lastFault;
    private Task _running = Task.CompletedTask;

    public DiscoveryRun(SmbServer server, DiscoverySettings settings, ILogger logger)
    {
        (_server, _settings, _logger) = (server, settings, logger);
        _start = settings.Time.GetTimestamp();
        if (settings.Mdns)
        {
            MdnsResponder? responder = null;
            responder = new MdnsResponder(Random.Shared, (former, name) => DiscoveryLog.Renamed(_logger, former, name))
            {
                Open = (link, family) => Open(MulticastGroup.Mdns, link, family, "mDNS", responder!),
            };
            _responders.Add(responder);
        }

        if (settings.WebServices)
        {
            AddWebServices();
        }
    }

    private TimeSpan Now => _settings.Time.GetElapsedTime(_start);

    public void Begin()
    {
        NetworkChange.NetworkAddressChanged += OnNetworkChanged;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Takes back what was announced.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnNetworkChanged;
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        foreach (var responder in _responders)
        {
            responder.End();
        }

        if (_description is not null)
        {
            await _description.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void AddWebServices()
    {
        try
        {
            _description = MetadataServer.Listen(_settings.WebServicesPort, IsAnnouncedAt, _settings.Time);
        }
        catch (SocketException e)
        {
            DiscoveryLog.NoDescription(_logger, _settings.WebServicesPort, e.SocketErrorCode.ToString());
            return;
        }

        // Windows connects to this name.
        var computer = new PublishedComputer(
            IdOf(_server, _settings), _settings.ServerName.ToUpperInvariant(), _settings.Name, _settings.Workgroup, _description.Port);
        var messages = new SoapMessages(computer, _settings.Time.GetUtcNow().ToUnixTimeSeconds());
        WsdResponder? responder = null;
        responder = new WsdResponder(computer, messages, Random.Shared)
        {
            Open = (link, family) => Open(MulticastGroup.WebServices, link, family, "WS-Discovery", responder!),
        };
        _responders.Add(responder);
        _description.Begin(computer, messages);
    }

    /// <summary>The same after each start, and another for each server; nobody learns the machine's id from it.</summary>
    private static Guid IdOf(SmbServer server, DiscoverySettings settings)
    {
        const string MachineId = "/etc/machine-id";
        var port = server.EndPoints.OfType<IPEndPoint>().FirstOrDefault(static endPoint => !IPAddress.IsLoopback(endPoint.Address))?.Port;
        string machine;
        try
        {
            machine = File.Exists(MachineId) ? File.ReadAllText(MachineId) : string.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            machine = string.Empty;
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"Smb3.Embedded.Discovery\n{machine}\n{Environment.MachineName}\n{settings.ServerName}\n{server.Name}\n{port}"));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80); // RFC 9562 5.8
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }

    private bool IsAnnouncedAt(IPAddress address) => _links.Any(link => link.Addresses.Contains(address));

    private MulticastSocket? Open(MulticastGroup group, Link link, AddressFamily family, string protocol, IResponder receiver)
    {
        var key = (group.Port, link.Index, family);
        try
        {
            var socket = MulticastSocket.Open(group, link, family, receiver, _queue.Writer);
            _notOpened.Remove(key);
            return socket;
        }
        catch (Exception e) when (e is SocketException or PlatformNotSupportedException)
        {
            if (_notOpened.Add(key))
            {
                DiscoveryLog.NotOpened(_logger, group.Port, link.Name, (e as SocketException)?.SocketErrorCode.ToString() ?? e.Message, protocol);
            }

            return null;
        }
    }

    private void OnNetworkChanged(object? sender, EventArgs e)
    {
        _isNetworkChanged = true;
        _queue.Writer.TryWrite(default); // wakes the loop; when there is no room, it is awake
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                Step();
            }
            catch (Exception e)
            {
                Note(e);
            }

            var due = _nextLook;
            foreach (var responder in _responders)
            {
                due = responder.Due is { } own && own < due ? own : due;
            }

            if (due - Now is var wait && wait > TimeSpan.Zero && _queue.Reader.Count == 0)
            {
                using var late = new CancellationTokenSource(wait, _settings.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _end.Token);
                await ((Task)_queue.Reader.WaitToReadAsync(either.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Step()
    {
        if (_isNetworkChanged)
        {
            _isNetworkChanged = false;
            _nextLook = Now + Settling < _nextLook ? Now + Settling : _nextLook;
        }

        if (_nextLook <= Now)
        {
            _nextLook = Now + LookAgain; // first, so that a fault does not make it look again at once
            Look();
        }

        for (var i = 0; i < AtOnce && _queue.Reader.TryRead(out var datagram); i++)
        {
            try
            {
                datagram.For?.Receive(datagram.Link, datagram.Message, datagram.Source, datagram.IsToAll, Now);
            }
            catch (Exception e)
            {
                Note(e);
            }
        }

        foreach (var responder in _responders)
        {
            responder.Advance(Now);
        }
    }

    /// <summary>Brings what is announced up to date.</summary>
    private void Look()
    {
        var links = LinkScan.Find(_server, _settings.Interfaces);
        foreach (var link in links.Where(link => !_links.Any(link.IsLike)))
        {
            DiscoveryLog.Announced(_logger, _settings.Name, link.Name, link.Port, string.Join(", ", link.Addresses));
        }

        foreach (var former in _links.Where(former => !links.Any(link => link.Index == former.Index)))
        {
            DiscoveryLog.Gone(_logger, former.Name);
        }

        if (links.Count == 0 && !_wasWithout)
        {
            DiscoveryLog.NoInterface(_logger);
        }

        _wasWithout = links.Count == 0;
        _links = links;
        var shares = _server.Shares.Where(static share => share is { IsTimeMachine: true, Hidden: false, IsAvailable: true }).Select(static share => share.Name).ToArray();
        var fitting = ServiceRecords.Fitting(shares);
        if (shares.Length - fitting.Count is var left && left != _sharesLeftOut)
        {
            _sharesLeftOut = left;
            DiscoveryLog.SharesLeftOut(_logger, left);
        }

        var announcement = _settings.Announce(fitting);
        foreach (var responder in _responders)
        {
            responder.Update(announcement, links, Now);
        }
    }

    private void Note(Exception e)
    {
        if (!(Now - _lastFault < FaultPause))
        {
            _lastFault = Now;
            DiscoveryLog.Fault(_logger, e);
        }
    }
}
