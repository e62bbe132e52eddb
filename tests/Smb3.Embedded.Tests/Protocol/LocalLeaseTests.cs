using System.Text;
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
