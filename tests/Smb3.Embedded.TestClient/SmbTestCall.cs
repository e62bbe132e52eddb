using Smb3.Embedded.Nt;

namespace Smb3.Embedded.TestClient;

/// <summary>A request that is under way.</summary>
internal sealed class SmbTestCall(SmbTestRequest request, ulong messageId)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource<SmbTestResponse> _interim = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<SmbTestResponse> _final = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SmbTestRequest Request { get; } = request;

    public ulong MessageId { get; } = messageId;

    /// <summary>STATUS_PENDING; fails when the final response comes without one before it.</summary>
    public Task<SmbTestResponse> InterimAsync() => _interim.Task.WaitAsync(Patience);

    /// <summary>The final response; fails with <see cref="EndOfStreamException"/> when the connection ends before.</summary>
    public Task<SmbTestResponse> ResponseAsync() => _final.Task.WaitAsync(Patience);

    public bool IsAnswered => _final.Task.IsCompleted;

    public async Task<SmbTestResponse> ExpectAsync(NtStatus status) => (await ResponseAsync()).Expect(status);

    internal void Deliver(SmbTestResponse response)
    {
        if (response.IsInterim)
        {
            if (!_interim.TrySetResult(response))
            {
                throw new InvalidDataException("A second interim response.");
            }
        }
        else
        {
            _interim.TrySetException(new SmbTestException("Answered without an interim response."));
            _ = _interim.Task.Exception;
            if (!_final.TrySetResult(response))
            {
                throw new InvalidDataException("A second response.");
            }
        }
    }

    internal void Fail(Exception reason)
    {
        _interim.TrySetException(reason);
        _ = _interim.Task.Exception;
        _final.TrySetException(reason);
        _ = _final.Task.Exception;
    }
}
