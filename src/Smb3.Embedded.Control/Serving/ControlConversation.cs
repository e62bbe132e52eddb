using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Smb3.Embedded.Control.Protocol;

namespace Smb3.Embedded.Control.Serving;

/// <summary>One request and its answer. What it holds is bounded: a request, a piece of the answer, and what the answer is made of.</summary>
internal sealed class ControlConversation(Socket client, ControlAnswers answers, TimeProvider time)
{
    /// <summary>From when on what is written is sent.</summary>
    private const int Piece = 32 * 1024;

    /// <summary>How long a request may take to come.</summary>
    private static readonly TimeSpan ToAsk = TimeSpan.FromSeconds(30);

    /// <summary>How long it may take until there is an answer: before a share is moved, clients write back what they have.</summary>
    private static readonly TimeSpan ToDo = TimeSpan.FromMinutes(5);

    /// <summary>How long an answer may take to be read: a client that does not read keeps others out.</summary>
    private static readonly TimeSpan ToRead = TimeSpan.FromSeconds(30);

    private readonly ArrayBufferWriter<byte> _waiting = new();

    public async Task RunAsync(CancellationToken stop)
    {
        IEnumerable<ControlRow> answer;
        string? error = null;
        try
        {
            var request = Parse(await WithinAsync(ToAsk, "the request does not come", ReadAsync, stop).ConfigureAwait(false));
            answer = await WithinAsync(ToDo, "it takes too long, and may be done all the same", token => answers.GiveAsync(request, token), stop).ConfigureAwait(false);
        }
        catch (ControlRefusal refusal)
        {
            (answer, error) = ([], refusal.Message);
        }

        await WithinAsync(ToRead, "the answer is not read", token => SendAsync(answer, error, token), stop).ConfigureAwait(false);
    }

    private async Task<T> WithinAsync<T>(TimeSpan limit, string whatIfNot, Func<CancellationToken, Task<T>> step, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            return await step(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ControlRefusal(whatIfNot);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        var line = new byte[1024];
        for (var length = 0; ;)
        {
            var read = await client.ReceiveAsync(line.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            if (line.AsSpan(length, read).IndexOf((byte)'\n') is >= 0 and var end)
            {
                return line.AsMemory(0, length + end);
            }

            length += read;
            if (length == line.Length)
            {
                if (length >= ControlProtocol.MaxRequest)
                {
                    throw new ControlRefusal($"the request is longer than {ControlProtocol.MaxRequest} bytes");
                }

                Array.Resize(ref line, Math.Min(length * 2, ControlProtocol.MaxRequest));
            }
        }
    }

    private static ControlRequest Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            var request = JsonSerializer.Deserialize(line.Span, ControlJson.Default.ControlRequest) ?? throw new ControlRefusal("the request is null");
            return request.Version == ControlProtocol.Version
                ? request
                : throw new ControlRefusal($"the request is of version {request.Version}, and this server knows version {ControlProtocol.Version} only; use the tool of its version");
        }
        catch (JsonException)
        {
            throw new ControlRefusal("the request is not a line of JSON as it should be");
        }
    }

    private async Task<int> SendAsync(IEnumerable<ControlRow> answer, string? error, CancellationToken cancellationToken)
    {
        var rows = 0;
        foreach (var row in answer)
        {
            rows++;
            Write(row, ControlJson.Default.ControlRow);
            if (_waiting.WrittenCount >= Piece)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        Write(new ControlEnd { Rows = rows, Error = error }, ControlJson.Default.ControlEnd);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        client.Shutdown(SocketShutdown.Send);
        return rows;
    }

    private void Write<T>(T line, JsonTypeInfo<T> type)
    {
        using (var json = new Utf8JsonWriter(_waiting))
        {
            JsonSerializer.Serialize(json, line, type);
        }

        _waiting.Write("\n"u8);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        for (var rest = _waiting.WrittenMemory; rest.Length > 0;)
        {
            rest = rest[await client.SendAsync(rest, cancellationToken).ConfigureAwait(false)..];
        }

        _waiting.ResetWrittenCount();
    }
}
