using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>
/// Gives the description of the server by HTTP (WS-Transfer Get), which is all that it does: one request for each connection, few connections
/// at once, none for long, and only at addresses where the server is announced.
/// </summary>
internal sealed class MetadataServer : IAsyncDisposable
{
    private const int MaxConnections = 16, MaxHeader = 8 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket _listener;
    private readonly Func<IPAddress, bool> _isAnnouncedAt;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _room = new(MaxConnections);
    private readonly CancellationTokenSource _end = new();
    private Task _accepting = Task.CompletedTask;

    private MetadataServer(Socket listener, Func<IPAddress, bool> isAnnouncedAt, TimeProvider time) =>
        (_listener, _isAnnouncedAt, _time) = (listener, isAnnouncedAt, time);

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Listens.</summary>
    /// <param name="port">The port; 0 takes a free one.</param>
    /// <param name="isAnnouncedAt">Whether connections to an address of this machine are accepted.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="SocketException">The port cannot be had.</exception>
    public static MetadataServer Listen(int port, Func<IPAddress, bool> isAnnouncedAt, TimeProvider time)
    {
        var isDual = Socket.OSSupportsIPv6;
        var listener = new Socket(isDual ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (isDual)
            {
                listener.DualMode = true;
            }

            listener.Bind(new IPEndPoint(isDual ? IPAddress.IPv6Any : IPAddress.Any, port));
            listener.Listen(MaxConnections);
            return new MetadataServer(listener, isAnnouncedAt, time);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Begins to answer.</summary>
    /// <param name="computer">The server that is described.</param>
    /// <param name="messages">Write the description.</param>
    public void Begin(PublishedComputer computer, SoapMessages messages) => _accepting = AcceptAsync(computer, messages);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
    }

    /// <summary>Looks at the header of a request, whose body may still be on its way.</summary>
    /// <param name="header">The first line and the fields.</param>
    /// <param name="computer">The server that is described.</param>
    /// <param name="length">How long the body is.</param>
    /// <returns>The status of a request that is refused; null: its body is to be read.</returns>
    internal static string? Check(string header, PublishedComputer computer, out int length)
    {
        length = 0;
        var lines = header.Split("\r\n");
        var first = lines[0].Split(' ');
        if (first.Length != 3 || !first[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            return "400 Bad Request";
        }

        if (!first[1].Equals(computer.Path, StringComparison.OrdinalIgnoreCase))
        {
            return "404 Not Found";
        }

        if (first[0] != "POST")
        {
            return "405 Method Not Allowed";
        }

        string[] lengths =
        [
            .. lines.Skip(1).Where(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                .Select(static line => line["Content-Length:".Length..].Trim()).Distinct(),
        ];
        if (lengths.Length != 1 || lines.Any(static line => line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase)))
        {
            return "411 Length Required";
        }

        if (!int.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > SoapRequest.MaxSize)
        {
            return "413 Content Too Large";
        }

        return null;
    }

    private async Task AcceptAsync(PublishedComputer computer, SoapMessages messages)
    {
        while (true)
        {
            try
            {
                await _room.WaitAsync(_end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_end.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                _room.Release();
                if (_end.IsCancellationRequested)
                {
                    return;
                }

                await Task.Delay(100, CancellationToken.None).ConfigureAwait(false); // out of handles: not again at once
                continue;
            }

            _ = ServeAsync(client, computer, messages);
        }
    }

    private async Task ServeAsync(Socket client, PublishedComputer computer, SoapMessages messages)
    {
        try
        {
            using var owned = client;
            using var late = new CancellationTokenSource(Patience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _end.Token);
            if (client.LocalEndPoint is IPEndPoint { Address: var local } && _isAnnouncedAt(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local))
            {
                await AnswerAsync(client, computer, messages, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or too slow.
        }
        finally
        {
            _room.Release();
        }
    }

    private static async Task AnswerAsync(Socket client, PublishedComputer computer, SoapMessages messages, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxHeader + SoapRequest.MaxSize];
        var received = 0;
        int end;
        while ((end = buffer.AsSpan(0, received).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (received == MaxHeader)
            {
                await SendAsync(client, "431 Request Header Fields Too Large", [], cancellationToken).ConfigureAwait(false);
                return;
            }

            var more = await client.ReceiveAsync(buffer.AsMemory(received, MaxHeader - received), cancellationToken).ConfigureAwait(false);
            if (more == 0)
            {
                return;
            }

            received += more;
        }

        var start = end + 4;
        if (Check(Encoding.Latin1.GetString(buffer, 0, end), computer, out var length) is { } refusal)
        {
            await SendAsync(client, refusal, [], cancellationToken).ConfigureAwait(false);
            return;
        }

        while (received < start + length)
        {
            var more = await client.ReceiveAsync(buffer.AsMemory(received, start + length - received), cancellationToken).ConfigureAwait(false);
            if (more == 0)
            {
                return;
            }

            received += more;
        }

        var description = SoapRequest.Parse(buffer.AsSpan(start, length)) is { Action: SoapNames.Get } request
            && request.To.Equals(computer.Address, StringComparison.OrdinalIgnoreCase) ? messages.Description(request.MessageId) : null;
        await SendAsync(client, description is null ? "400 Bad Request" : "200 OK", description ?? [], cancellationToken).ConfigureAwait(false);
    }

    private static async Task SendAsync(Socket client, string status, byte[] body, CancellationToken cancellationToken)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Type: application/soap+xml; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        ReadOnlyMemory<byte> rest = (byte[])[.. Encoding.ASCII.GetBytes(head), .. body];
        while (!rest.IsEmpty)
        {
            rest = rest[await client.SendAsync(rest, cancellationToken).ConfigureAwait(false)..];
        }

        client.Shutdown(SocketShutdown.Send);
    }
}
