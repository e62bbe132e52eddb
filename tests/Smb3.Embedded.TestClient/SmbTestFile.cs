using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.TestClient;

/// <summary>An open of the client.</summary>
internal sealed class SmbTestFile(SmbTestTree tree, CreateAnswer answer)
{
    /// <summary>In a related request: the open of the request before.</summary>
    public static readonly Smb2FileId Previous = new(ulong.MaxValue, ulong.MaxValue);

    public SmbTestTree Tree { get; } = tree;

    public CreateAnswer Answer { get; } = answer;

    public Smb2FileId FileId => Answer.FileId;

    public SmbTestRequest ReadRequest(ulong offset, uint length) =>
        Tree.Request(Smb2Command.Read, RequestBody.Read(FileId, offset, length), length);

    public SmbTestRequest WriteRequest(ulong offset, ReadOnlySpan<byte> data) =>
        Tree.Request(Smb2Command.Write, RequestBody.Write(FileId, offset, data), data.Length);

    public SmbTestRequest LockRequest(ulong offset, ulong length, LockFlags flags = LockFlags.Exclusive) =>
        Tree.Request(Smb2Command.Lock, RequestBody.Lock(FileId, [new LockElement(offset, length, flags)]));

    public async Task<byte[]> ReadAsync(ulong offset, uint length) =>
        ReadAnswer.Parse((await Tree.Session.CallAsync(ReadRequest(offset, length))).Expect(NtStatus.Success).Message).Data;

    public async Task<NtStatus> TryReadAsync(ulong offset, uint length) =>
        (await Tree.Session.CallAsync(ReadRequest(offset, length))).Status;

    public async Task WriteAsync(ulong offset, byte[] data)
    {
        var response = (await Tree.Session.CallAsync(WriteRequest(offset, data))).Expect(NtStatus.Success);
        if (WriteAnswer.Parse(response.Message).Count != data.Length)
        {
            throw new SmbTestException("Not everything was written.");
        }
    }

    public async Task<NtStatus> TryWriteAsync(ulong offset, byte[] data) =>
        (await Tree.Session.CallAsync(WriteRequest(offset, data))).Status;

    public async Task<NtStatus> LockAsync(ulong offset, ulong length, LockFlags flags = LockFlags.Exclusive | LockFlags.FailImmediately) =>
        (await Tree.Session.CallAsync(LockRequest(offset, length, flags))).Status;

    public async Task<SmbTestResponse> CloseAsync(CloseFlags flags = CloseFlags.None) =>
        (await TryCloseAsync(flags)).Expect(NtStatus.Success);

    public Task<SmbTestResponse> TryCloseAsync(CloseFlags flags = CloseFlags.None) =>
        Tree.CallAsync(Smb2Command.Close, RequestBody.Close(FileId, flags));
}
