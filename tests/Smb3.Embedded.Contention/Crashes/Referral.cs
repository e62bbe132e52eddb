using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>What a server says about where a folder is (MS-DFSC 2.2.4).</summary>
/// <param name="Place">What to connect to.</param>
/// <param name="Targets">The servers that have it, or would, in order.</param>
internal sealed record Referral(Place Place, IReadOnlyList<IPAddress> Targets)
{
    private const int MostBytes = 4096;

    /// <exception cref="EndOfStreamException">It does not know.</exception>
    public static async Task<Referral> AskAsync(SmbTestSession session, string share, string folder)
    {
        var ipc = await session.ConnectAsync("IPC$");
        var body = RequestBody.Ioctl(FsControlCode.DfsGetReferrals, SmbTestFile.Previous, FsctlInput.Referrals($@"\cluster\{share}\{folder}"), MostBytes);
        var response = (await ipc.CallAsync(Smb2Command.Ioctl, body)).Expect(NtStatus.Success);
        var answer = DfsReferralAnswer.Parse(IoctlAnswer.Parse(response.Message).Output);
        if (answer.Entries.Count == 0)
        {
            throw new EndOfStreamException("The server knows of nobody who has it."); // MS-DFSC 3.1.5.4.3
        }

        var below = folder[..Math.Max(0, (answer.PathConsumed / sizeof(char)) - $@"\cluster\{share}\".Length)];
        var targets = answer.Targets.Select(static target => target.Split('\\')).ToList();
        var names = targets.Select(static target => target[2]).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return names is [var name] && (below.Length == 0 || below == folder) && targets.TrueForAll(static target => target.Length == 3)
            ? new Referral(new Place(name, below), [.. targets.Select(static target => IPAddress.Parse(target[1]))])
            : throw new InvalidOperationException($"The referral for {folder} consumes {answer.PathConsumed} bytes and names {string.Join(", ", answer.Targets)}.");
    }
}
