using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A name on IPC$ is that of a pipe of the list, or of nothing: it is no path, and nothing is looked up with it.</summary>
public sealed class PipeNameTests : ProtocolTest
{
    [Theory]
    [InlineData("srvsvc", true)]
    [InlineData("SrvSvc", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData(@"..\srvsvc", false)]
    [InlineData("../srvsvc", false)]
    [InlineData(@"..\..\..\run\socket", false)]
    [InlineData(@"\srvsvc", false)]
    [InlineData("/srvsvc", false)]
    [InlineData(@"srvsvc\", false)]
    [InlineData(@"srvsvc\..\lsarpc", false)]
    [InlineData(@"PIPE\srvsvc", false)]
    [InlineData("srvsvc\0", false)]
    [InlineData("srvsvc\0.txt", false)]
    [InlineData("srvsvc ", false)]
    [InlineData("srvsvc.", false)]
    [InlineData("srvsvc:stream", false)]
    [InlineData("srvsvc::$DATA", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("C:\\srvsvc", false)]
    [InlineData("$(reboot)", false)]
    [InlineData("\uFF53rvsvc", false)]
    public async Task Only_the_pipes_of_the_list_open(string name, bool exists)
    {
        var tree = await (await Server.LogOnAsync()).ConnectAsync("IPC$");
        foreach (var disposition in new[] { CreateDisposition.Open, CreateDisposition.Create, CreateDisposition.OpenIf, CreateDisposition.OverwriteIf })
        {
            foreach (var options in new[] { CreateOptions.None, CreateOptions.DirectoryFile, CreateOptions.DeleteOnClose })
            {
                var status = await tree.TryOpenAsync(name, disposition, FileAccessMask.MaximumAllowed, options: options);
                Assert.Equal(exists ? NtStatus.Success : NtStatus.ObjectNameNotFound, status);
            }
        }

        var waited = await tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.PipeWait, SmbTestFile.Previous, FsctlInput.PipeWait(name, 0)));
        Assert.Equal(exists, waited.Status == NtStatus.Success);
    }

    [Fact]
    public async Task Pipes_are_counted_with_the_opens_of_their_session()
    {
        var tree = await (await Server.LogOnAsync()).ConnectAsync("IPC$");
        var opened = 0;
        while (await OpenAsync() == NtStatus.Success)
        {
            Assert.True(++opened < 100_000, "There is no end.");
        }

        Assert.Equal(NtStatus.InsufficientResources, await OpenAsync());
        await tree.Session.LogOffAsync();

        async Task<NtStatus> OpenAsync() => (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("srvsvc"))).Status;
    }
}
