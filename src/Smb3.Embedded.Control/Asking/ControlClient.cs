using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Smb3.Embedded.Control.Places;
using Smb3.Embedded.Control.Protocol;

namespace Smb3.Embedded.Control.Asking;

/// <summary>Asks servers of this machine.</summary>
internal static class ControlClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The sockets of this user's servers. Those that servers have left over are removed.</summary>
    /// <exception cref="IOException">Somebody else may have put sockets there.</exception>
    public static IReadOnlyList<string> FindSockets() => FindSockets(ControlFolder.Find());

    public static IReadOnlyList<string> FindSockets(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        ControlFolder.Check(folder);
        var found = new List<string>();
        foreach (var path in Directory.EnumerateFiles(folder, ControlFolder.Pattern).Order(StringComparer.Ordinal))
        {
            try
            {
                using var socket = Connect(path);
                found.Add(path);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused)
            {
                File.Delete(path); // what can be seen there accepts, as long as its server lives
            }
            catch (SocketException)
            {
                found.Add(path); // very busy
            }
        }

        return found;
    }

    /// <summary>Asks, and gives the lines of the answer as they come, without the last.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="mayTakeLong">Whether the answer may come when much has been done for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ControlException">The server refuses it, or its answer is none.</exception>
    /// <exception cref="SocketException">Nobody listens there, or the connection broke.</exception>
    public static async IAsyncEnumerable<string> AskAsync(
        string path, ControlRequest request, bool mayTakeLong = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var socket = Connect(path);
        await using var stream = new NetworkStream(socket);
        var line = JsonSerializer.SerializeToUtf8Bytes(request with { Version = ControlProtocol.Version }, ControlJson.Default.ControlRequest);
        await stream.WriteAsync((byte[])[.. line, (byte)'\n'], cancellationToken).ConfigureAwait(false);
        var reader = new LineReader(stream, ControlProtocol.MaxRow);
        for (var rows = 0; ; rows++)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (!mayTakeLong || rows > 0)
            {
                patience.CancelAfter(Patience);
            }

            string? text;
            try
            {
                text = await reader.ReadAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new ControlException($"The server at '{path}' does not answer.");
            }
            catch (IOException e)
            {
                throw new ControlException($"The server at '{path}' has ended the connection: {e.Message}");
            }

            if (text is null)
            {
                throw new ControlException($"The server at '{path}' has ended the connection before its answer was whole.");
            }

            if (EndOf(text) is not { } end)
            {
                yield return text;
                continue;
            }

            if (end.Error is { } error)
            {
                throw new ControlException($"The server says: {error}.");
            }

            yield break;
        }
    }

    /// <summary>The row that a line is; null when it is of a kind that this version does not know.</summary>
    /// <exception cref="ControlException">It is no row.</exception>
    public static ControlRow? RowOf(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ControlJson.Default.ControlRow);
        }
        catch (JsonException)
        {
            return IsObject(line) ? null : throw new ControlException("The answer of the server is not JSON.");
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    private static bool IsObject(string line)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            return parsed.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Rows say what kind they are, and the end does not.</summary>
    private static ControlEnd? EndOf(string line)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            return parsed.RootElement.TryGetProperty("row", out _) ? null : parsed.RootElement.Deserialize(ControlJson.Default.ControlEnd);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ControlException("The answer of the server is not what this tool understands.");
        }
    }

    private static Socket Connect(string path)
    {
        if (!File.Exists(path))
        {
            throw new ControlException($"There is no socket '{path}': no server has one there.");
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (ArgumentException e)
        {
            socket.Dispose();
            throw new ControlException($"'{path}' cannot be the path of a socket: {e.Message}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
