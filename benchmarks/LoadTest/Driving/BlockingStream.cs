using System.Net.Sockets;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>
/// A socket that stays in blocking mode, which an asynchronous operation of .NET would end for good: set-up goes through this stream, the
/// measured traffic through the socket itself without any detour.
/// </summary>
internal sealed class BlockingStream(Socket socket) : Stream
{
    private static readonly TimeSpan LookForCancellation = TimeSpan.FromMilliseconds(1);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(
            () =>
            {
                while (!socket.Poll(LookForCancellation, SelectMode.SelectRead))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                return socket.Receive(buffer.Span);
            },
            CancellationToken.None));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        socket.Send(buffer.Span);
        return default;
    }

    public override int Read(byte[] buffer, int offset, int count) => socket.Receive(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => socket.Send(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
