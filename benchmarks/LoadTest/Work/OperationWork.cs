using System.Buffers.Binary;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>
/// Small operations, each client on a connection and a file of its own, again and again for some time; with a count, while another client
/// holds so many files open.
/// </summary>
internal sealed class OperationWork(WorkSpec spec) : RepeatedWork(spec)
{
    private const int SmallFile = 64 << 20;
    private const int SmallSize = 4096;
    private const FileAccessMask Read = FileAccessMask.FileGenericRead;
    private const FileAccessMask Attributes = FileAccessMask.ReadAttributes;

    public static readonly IReadOnlyList<string> Kinds =
        ["echo", "queryinfo", "read4k", "write4k", "openclose", "stat", "createdelete", "missing", "rename", "lock"];

    protected override async Task<RequestTemplate> TemplateAsync(LoadConnection connection, int client)
    {
        var name = $"small{client}.bin";
        var tree = connection.Tree;
        var file = await TestFolder.FileAsync(tree, name, SmallFile);
        var path = $@"{Folder}\{name}";
        return Spec.Kind switch
        {
            "echo" => connection.Template(tree.Session.Request(Smb2Command.Echo, RequestBody.Empty())),
            "queryinfo" => connection.Template(QueryInfo(tree, file.FileId)),
            "read4k" => new RequestTemplate(Spec.Guard, [file.ReadRequest(0, SmallSize)]) { Vary = Offset },
            "write4k" => new RequestTemplate(Spec.Guard, [file.WriteRequest(0, new byte[SmallSize])]) { Vary = Offset },
            "openclose" => connection.Template(Create(tree, path, Read), Close(tree).Related()),
            "stat" => connection.Template(
                Create(tree, path, Attributes), QueryInfo(tree, SmbTestFile.Previous).Related(), Close(tree).Related()),
            "createdelete" => Named([
                tree.Request(Smb2Command.Create, RequestBody.Create(
                    $@"{Folder}\{name}.{CountedName.Digits}", Read | FileAccessMask.Delete, CreateDisposition.Create,
                    options: CreateOptions.NonDirectoryFile | CreateOptions.DeleteOnClose)),
                Close(tree).Related()]),
            "missing" => Named(
                [Create(tree, $@"{Folder}\missing.{CountedName.Digits}", Attributes)], NtStatus.ObjectNameNotFound),
            "rename" => await RenameAsync(connection, name),
            "lock" => connection.Template(
                file.LockRequest(0, 1, LockFlags.Exclusive | LockFlags.FailImmediately),
                file.LockRequest(0, 1, LockFlags.Unlock)),
            _ => throw new FormatException($"'{Spec.Kind}' is no operation."),
        };
    }

    private static void Offset(Span<byte> messages, long number)
    {
        const int OffsetInBody = 8;
        BinaryPrimitives.WriteInt64LittleEndian(
            messages[(Smb2Header.Size + OffsetInBody)..], number * 7919 % (SmallFile / SmallSize) * SmallSize);
    }

    private static SmbTestRequest Create(SmbTestTree tree, string path, FileAccessMask access) =>
        tree.Request(Smb2Command.Create, RequestBody.Create(path, access, CreateDisposition.Open));

    private static SmbTestRequest Close(SmbTestTree tree) => tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous));

    private static SmbTestRequest QueryInfo(SmbTestTree tree, Smb2FileId file) =>
        tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFile(file, FileInformationClass.FileNetworkOpenInformation, 4096));

    private async Task<RequestTemplate> RenameAsync(LoadConnection connection, string name)
    {
        // One open file, which gets another name each time; the first must go when a run before has left it.
        var path = $@"{Folder}\{name}.renamed";
        var file = await connection.Tree.OpenAsync(path, options: CreateOptions.NonDirectoryFile | CreateOptions.DeleteOnClose);
        return Named([
            connection.Tree.Request(Smb2Command.SetInfo, RequestBody.SetFile(
                file.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename($"{path}.{CountedName.Digits}")))]);
    }

    private RequestTemplate Named(SmbTestRequest[] requests, NtStatus? status = null) =>
        new(Spec.Guard, requests) { Expected = status ?? NtStatus.Success, Vary = CountedName.In(requests[0]) };
}
