using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>Whether the body of a response is what its command, its status and the request allow.</summary>
internal static class ResponseCheck
{
    public static void Check(FuzzClient client, Call call, ReadOnlySpan<byte> response, NtStatus status)
    {
        try
        {
            var hasBody = status.IsSuccess() || status is NtStatus.BufferOverflow or NtStatus.MoreProcessingRequired
                || (call.Message.Command == Smb2Command.Ioctl && !MessageBuffer.HasBody(response, 9));
            if (hasBody)
            {
                CheckBody(client, call, response, status);
            }
            else
            {
                _ = ErrorAnswer.Parse(response);
            }
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or IndexOutOfRangeException)
        {
            throw new FuzzFailure("malformed response", $"{call} -> {status}: {e.Message} {Convert.ToHexString(response[..Math.Min(160, response.Length)])}");
        }
    }

    private static void CheckBody(FuzzClient client, Call call, ReadOnlySpan<byte> response, NtStatus status)
    {
        var asked = (ReadOnlySpan<byte>)call.Asked;
        switch (call.Message.Command)
        {
            case Smb2Command.Negotiate:
                _ = NegotiateAnswer.Parse(response);
                break;
            case Smb2Command.SessionSetup:
                _ = SessionSetupAnswer.Parse(response);
                break;
            case Smb2Command.TreeConnect:
                _ = TreeConnectAnswer.Parse(response);
                break;
            case Smb2Command.Create:
                _ = CreateAnswer.Parse(response);
                break;
            case Smb2Command.Close:
                _ = CloseAnswer.Parse(response);
                break;
            case Smb2Command.Read:
                AtMost(ReadAnswer.Parse(response).Data.Length, asked.UInt32(4), "bytes read");
                break;
            case Smb2Command.Write:
                AtMost(WriteAnswer.Parse(response).Count, asked.UInt32(4), "bytes written");
                break;
            case Smb2Command.Ioctl:
                AtMost(IoctlAnswer.Parse(response).Output.Length, asked.UInt32(44), "bytes of output");
                break;
            case Smb2Command.QueryDirectory:
                var listing = OutputBufferAnswer.Parse(response).Buffer;
                AtMost(listing.Length, asked.UInt32(28), "bytes of entries");
                CheckEntries(client, (FileInformationClass)asked[2], listing);
                break;
            case Smb2Command.QueryInfo:
                var information = OutputBufferAnswer.Parse(response).Buffer;
                AtMost(information.Length, asked.UInt32(4), "bytes of information");
                CheckInformation((Smb2InfoType)asked[2], asked[3], information, status);
                break;
            case Smb2Command.ChangeNotify:
                var changes = OutputBufferAnswer.Parse(response).Buffer;
                AtMost(changes.Length, asked.UInt32(4), "bytes of changes");
                _ = ListReader.Changes(changes);
                break;
            case Smb2Command.SetInfo:
                _ = ResponseReader.Body(response, 2);
                break;
            case Smb2Command.OplockBreak:
                _ = BreakAnswer.Parse(response);
                break;
            default:
                _ = ResponseReader.Body(response, 4);
                break;
        }
    }

    private static void CheckEntries(FuzzClient client, FileInformationClass informationClass, ReadOnlySpan<byte> listing)
    {
        // POSIX entries and Apple's have other forms.
        if (informationClass != FileInformationClass.FilePosixInformation && !client.IsApple
            && ListReader.Directory(informationClass, listing).Any(file => file.Name.Length == 0))
        {
            throw new InvalidDataException("An entry without a name.");
        }
    }

    private static void CheckInformation(Smb2InfoType type, byte informationClass, ReadOnlySpan<byte> information, NtStatus status)
    {
        if (status != NtStatus.Success)
        {
            return;
        }

        if (type == Smb2InfoType.Security && SecurityDescriptor.Read(information, out _) != NtStatus.Success)
        {
            throw new InvalidDataException("No security descriptor.");
        }

        if (type == Smb2InfoType.File && informationClass == (byte)FileInformationClass.FileStreamInformation)
        {
            _ = ListReader.Streams(information);
        }
    }

    private static void AtMost(long count, uint limit, string what)
    {
        if (count > limit)
        {
            throw new InvalidDataException($"{count} {what}, where {limit} were asked for.");
        }
    }
}
