using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient;

/// <summary>A tree connect of the client.</summary>
internal sealed class SmbTestTree(SmbTestSession session, uint treeId, TreeConnectAnswer answer)
{
    public const FileAccessMask ReadWrite = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite | FileAccessMask.Delete;

    public SmbTestSession Session { get; } = session;

    public uint TreeId { get; } = treeId;

    public TreeConnectAnswer Answer { get; } = answer;

    /// <summary>A request on this tree connect.</summary>
    public SmbTestRequest Request(Smb2Command command, byte[] body, long payload = 0) => Session.Request(command, body, TreeId, payload);

    public Task<SmbTestResponse> CallAsync(Smb2Command command, byte[] body, long payload = 0) =>
        Session.CallAsync(Request(command, body, payload));

    public async Task<SmbTestFile> OpenAsync(
        string name,
        CreateDisposition disposition = CreateDisposition.OpenIf,
        FileAccessMask access = ReadWrite,
        ShareAccess share = ShareAccess.All,
        CreateOptions options = CreateOptions.None)
    {
        var response = await CallAsync(Smb2Command.Create, RequestBody.Create(name, access, disposition, share, options));
        response.Expect(NtStatus.Success);
        return new SmbTestFile(this, CreateAnswer.Parse(response.Message));
    }

    public async Task<NtStatus> TryOpenAsync(
        string name,
        CreateDisposition disposition = CreateDisposition.Open,
        FileAccessMask access = ReadWrite,
        ShareAccess share = ShareAccess.All,
        CreateOptions options = CreateOptions.None)
    {
        var response = await CallAsync(Smb2Command.Create, RequestBody.Create(name, access, disposition, share, options));
        if (response.Status == NtStatus.Success)
        {
            await new SmbTestFile(this, CreateAnswer.Parse(response.Message)).CloseAsync();
        }

        return response.Status;
    }

    public async Task DisconnectAsync() =>
        (await CallAsync(Smb2Command.TreeDisconnect, RequestBody.Empty())).Expect(NtStatus.Success);
}
