using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// Knocks at the folders at which the share may be split, as a client that does not know whether it is: opens what is not there, and moves a
/// file onto a folder that is. Whoever answers says with that whether the folder is its own.
/// </summary>
internal sealed class SeamProbe(CrashClient client, IReadOnlyList<Seam> seams)
{
    /// <summary>A folder that there is in each of them, whoever has it.</summary>
    public const string Always = "always";

    private readonly Random _random = new((client.Settings.Run.Seed * 1000) + (client.Number * 10) + 7);

    public async Task RunAsync()
    {
        while (!client.Servers.IsOver)
        {
            await Task.Delay(_random.Next(50, 400));
            var seam = seams[_random.Next(seams.Count)];
            await (_random.Next(2) == 0 ? OpenAsync(seam) : MoveAsync(seam));
        }
    }

    private async Task OpenAsync(Seam seam)
    {
        var name = seam.Folder + "\\none";
        var standing = await client.StandAsync();
        var request = standing.Tree.Request(Smb2Command.Create, RequestBody.Create(name, FileAccessMask.ReadAttributes, CreateDisposition.Open));
        Expect(await client.AttemptAsync(standing, request, seam), NtStatus.ObjectNameNotFound, NtStatus.PathNotCovered, name);
    }

    private async Task MoveAsync(Seam seam)
    {
        var standing = await client.StandAsync();
        var name = $"{client.Settings.Run.Folder}\\probe-{client.Number}";
        var created = await client.AttemptAsync(
            standing, standing.Tree.Request(Smb2Command.Create, RequestBody.Create(name, SmbTestTree.ReadWrite, CreateDisposition.OpenIf)));
        if (created is not { Status: NtStatus.Success })
        {
            return;
        }

        var file = CreateAnswer.Parse(created.Message).FileId;
        var target = $"{seam.Folder}\\{Always}";
        var rename = RequestBody.SetFile(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(target));
        var moved = await client.AttemptAsync(standing, standing.Tree.Request(Smb2Command.SetInfo, rename), seam);
        Expect(moved, NtStatus.ObjectNameCollision, NtStatus.NotSameDevice, target);
        await client.AttemptAsync(standing, standing.Tree.Request(Smb2Command.Close, RequestBody.Close(file)));
    }

    private void Expect(SmbTestResponse? response, NtStatus here, NtStatus elsewhere, string name)
    {
        // A handle that is not persistent is lost with the session, and sometimes the request with the channel.
        if (response is null || response.Status is NtStatus.FileClosed or NtStatus.FileNotAvailable)
        {
            return;
        }

        if (response.Status != here && response.Status != elsewhere)
        {
            client.Report.Wrong(client.Who, $"what leads to {name} was answered with {response.Status}");
            return;
        }

        client.Report.Count(response.Status == here ? "knocks at a folder of the whole" : "knocks at a part");
    }
}
