using System.Text;
using Microsoft.Win32.SafeHandles;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Watching;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A file on which a local program holds a lease of the kernel (<c>F_SETLEASE</c>).</summary>
public sealed class LocalLeaseTests : ProtocolTest, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PhysicalFileStore _store;
    private readonly IDisposable? _watch;

    public LocalLeaseTests()
    {
        _store = new PhysicalFileStore(_folder.Path);
        _watch = _store.Watch(StorePath.Root, tree: false, _ => { }); // the thread that takes signals runs
    }

    public void Dispose()
    {
        _watch?.Dispose();
        _store.Dispose();
        _folder.Delete();
    }

    [LinuxFact]
    public async Task A_create_waits_as_others_go_on_until_the_program_lets_go()
    {
        Start(new TestServerOptions { Store = _ => _store });
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "f"), "data");
        using var held = TakeLease("f");
        var tree = await Server.ConnectToAsync();
        var call = await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("f")));
        await call.InterimAsync();
        await tree.Session.Connection.EchoAsync();
        Assert.False(call.IsAnswered);
        LeaseCalls.Give(held);
        await call.ExpectAsync(NtStatus.Success);
    }

    [LinuxFact]
    public async Task A_create_that_waits_can_be_cancelled()
    {
        Start(new TestServerOptions { Store = _ => _store });
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "f"), "data");
        using var held = TakeLease("f");
        var tree = await Server.ConnectToAsync();
        var call = await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("f")));
        var interim = await call.InterimAsync();
        await tree.Session.CancelAsync(call, interim.AsyncId);
        await call.ExpectAsync(NtStatus.Cancelled);
    }

    [LinuxTheory]
    [InlineData(CreateDisposition.Open)]
    [InlineData(CreateDisposition.OpenIf)]
    [InlineData(CreateDisposition.Overwrite)]
    [InlineData(CreateDisposition.OverwriteIf)]
    [InlineData(CreateDisposition.Supersede)]
    public async Task Every_disposition_waits_and_is_then_carried_out(CreateDisposition disposition)
    {
        Start(new TestServerOptions { Store = _ => _store });
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "f"), "data");
        using var held = TakeLease("f");
        var tree = await Server.ConnectToAsync();
        var call = await tree.Session.Connection.SendAsync(
            tree.Request(Smb2Command.Create, RequestBody.Create("f", disposition: disposition)));
        await call.InterimAsync();
        Assert.Equal("data", await ReadAsync(held));
        LeaseCalls.Give(held);
        await call.ExpectAsync(NtStatus.Success);
        Assert.Equal(disposition is CreateDisposition.Open or CreateDisposition.OpenIf ? "data" : string.Empty, await ReadAsync(held));
    }

    /// <summary>What needs no data of the file asks the program for nothing, and no status is any but the client's.</summary>
    [LinuxFact]
    public async Task What_leaves_the_data_alone_goes_on_beside_the_lease()
    {
        Start(new TestServerOptions { Store = _ => _store });
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "f"), "data");
        using var held = TakeLease("f");
        var tree = await Server.ConnectToAsync();
        const FileAccessMask Names = FileAccessMask.Delete | FileAccessMask.ReadAttributes | FileAccessMask.WriteAttributes;
        Assert.Equal(NtStatus.ObjectNameCollision, await tree.TryOpenAsync("f", CreateDisposition.Create));
        var stream = await tree.OpenAsync("f:stream", CreateDisposition.Create);
        await stream.WriteAsync(0, [1, 2, 3]);
        Assert.Equal([1, 2, 3], await stream.ReadAsync(0, 3));
        await stream.CloseAsync();
        var file = await tree.OpenAsync("f", CreateDisposition.Open, Names);
        Assert.Equal(NtStatus.Success, await SetAsync(FileInformationClass.FileRenameInformation, SetBuffer.Rename("g")));
        Assert.Equal(NtStatus.Success, await SetAsync(FileInformationClass.FileBasicInformation, [.. new byte[32], 2, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(NtStatus.AccessDenied, await SetAsync(FileInformationClass.FileEndOfFileInformation, new byte[8]));
        Assert.Equal(LeaseKind.Write, LeaseCalls.Get(held));
        Assert.Equal(NtStatus.Success, await SetAsync(FileInformationClass.FileDispositionInformation, [1]));
        await file.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("g"));

        async Task<NtStatus> SetAsync(FileInformationClass number, byte[] buffer) =>
            (await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, number, buffer))).Status;
    }

    [Fact]
    public void No_error_of_the_system_is_told_as_something_inside_the_server()
    {
        for (var number = 1; number < 200; number++)
        {
            var status = ((Errno)number).ToStatus();
            Assert.True((uint)status >= 0xC0000000, $"{number}: {status}");
            Assert.True(status is not (NtStatus.ReparsePointEncountered or NtStatus.OplockBreakInProgress or NtStatus.Pending), $"{number}: {status}");
        }
    }

    /// <summary>The file as the program sees it: to open it again would break its lease.</summary>
    private static Task<string> ReadAsync(FileDescriptor file)
    {
        using var handle = new SafeFileHandle(file.DangerousGetHandle(), ownsHandle: false);
        var buffer = new byte[16];
        return Task.FromResult(Encoding.UTF8.GetString(buffer, 0, RandomAccess.Read(handle, buffer, 0)));
    }

    private unsafe FileDescriptor TakeLease(string name)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(Path.Combine(_folder.Path, name) + "\0"))
        {
            var file = new FileDescriptor(Native.Open(path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0));
            Assert.False(file.IsInvalid);
            Assert.True(LeaseCalls.Take(file, LeaseKind.Write, LeaseSignals.Signal, NotifyQueue.OfProcess.Leases.Thread));
            return file;
        }
    }
}
