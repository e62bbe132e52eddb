using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Contention.Running;

/// <summary>All clients at once on the same few files, and after them somebody who looks at what they left.</summary>
internal sealed class ContentionRun(RunSettings settings, RunReport report)
{
    private readonly Truth _truth = new();

    public async Task RunAsync()
    {
        await UseAloneAsync(MakeFolderAsync);
        using var ended = new CancellationTokenSource();
        var progress = report.ShowProgressAsync(ended.Token);
        await Task.WhenAll(Enumerable.Range(1, settings.Clients)
            .Select(number => Task.Run(new ContentionClient(number, settings, _truth, report).RunAsync)));
        await ended.CancelAsync();
        await progress;
        await UseAloneAsync(CheckFilesAsync);
    }

    private async Task UseAloneAsync(Func<SmbTestTree, Task> work)
    {
        var connection = await settings.OpenAsync();
        await using (connection)
        {
            var session = await connection.LogOnAsync(settings.User, settings.Password);
            var tree = await session.ConnectAsync(settings.Share);
            await work(tree);
            await session.LogOffAsync();
        }
    }

    private async Task MakeFolderAsync(SmbTestTree tree)
    {
        var folder = await tree.OpenAsync(settings.Folder, CreateDisposition.OpenIf, options: CreateOptions.DirectoryFile);
        await folder.CloseAsync();
    }

    /// <summary>Every byte of every file is one that was written last, and everything can be deleted.</summary>
    private async Task CheckFilesAsync(SmbTestTree tree)
    {
        for (var name = 0; name < settings.Files; name++)
        {
            var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create(
                settings.Name(name), SmbTestTree.ReadWrite, CreateDisposition.Open, ShareAccess.None, CreateOptions.DeleteOnClose,
                contexts: (ref CreateContextWriter writer) => writer.AskOnDiskId()));
            if (response.Status == NtStatus.ObjectNameNotFound)
            {
                continue;
            }

            if (response.Status != NtStatus.Success)
            {
                report.Wrong("at the end", $"{settings.Name(name)} cannot be opened alone: {response.Status}");
                continue;
            }

            var answer = CreateAnswer.Parse(response.Message);
            var file = new SmbTestFile(tree, answer);
            var number = BitConverter.ToUInt64(answer.Find(CreateContextName.QueryOnDiskId)!);
            for (var block = 0; block < BlockContent.PerFile; block++)
            {
                var truth = _truth.File(number)[block];
                var read = await tree.Session.CallAsync(file.ReadRequest((ulong)(block * BlockContent.Size), BlockContent.Size));
                var data = read.Status == NtStatus.Success ? ReadAnswer.Parse(read.Message).Data : [];
                report.Count("blocks checked at the end");
                if (truth.Check(BlockContent.VersionOf(data, number, block), truth.Lowest, alone: true) is { } wrong)
                {
                    report.Wrong("at the end", $"{wrong} in block {block} of {settings.Name(name)}");
                }
            }

            await file.CloseAsync();
        }

        var status = await tree.TryOpenAsync(
            settings.Folder, access: SmbTestTree.ReadWrite, options: CreateOptions.DirectoryFile | CreateOptions.DeleteOnClose);
        if (status != NtStatus.Success || await tree.TryOpenAsync(settings.Folder) != NtStatus.ObjectNameNotFound)
        {
            report.Wrong("at the end", $"the folder cannot be deleted: {status}");
        }
    }
}
