using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;
using Xunit;
using static Smb3.Embedded.Nt.NtStatus;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// Class × direction × what is open × length, from 0 to one more than the shortest that will do: every status there is (MS-SMB2 3.3.5.18, 3.3.5.20
/// and 3.3.5.21, MS-FSA 2.1.5.6 and 2.1.5.12 to 15). The tables stand here on their own, by MS-FSCC, and not beside what they test.
/// </summary>
public sealed class InformationTableTests : ProtocolTest, IDisposable
{
    private const uint Ample = 4096;

    /// <summary>What can be asked about a file, and the shortest output; what of it needs FILE_READ_ATTRIBUTES.</summary>
    private static readonly Dictionary<int, int> Asked = new()
    {
        [4] = 40, [5] = 24, [6] = 8, [7] = 4, [8] = 4, [14] = 8, [15] = 8, [16] = 4, [17] = 4, [18] = 104, [21] = 8, [22] = 32, [28] = 16,
        [34] = 56, [35] = 8, [48] = 8, [59] = 24, [68] = 72, [71] = 4, [77] = 104,
    };

    private static readonly HashSet<int> OfAttributes = [4, 18, 34, 35, 68];

    /// <summary>In MS-FSCC, but not to be asked for by QUERY_INFO.</summary>
    private static readonly HashSet<int> NotAsked =
    [
        1, 2, 3, 9, 10, 11, 12, 13, 19, 20, 26, 27, 29, 31, 32, 33, 36, 37, 38, 39, 40, 44, 45, 46, 50, 54, 60, 78, 79, 80, 81,
    ];

    private static readonly Dictionary<int, int> OfPipes = new() { [23] = 8, [24] = 40, [25] = 12 };

    /// <summary>What can be set, the shortest buffer, and what a long enough one of zeros gives.</summary>
    private static readonly Dictionary<int, (int Shortest, NtStatus Status)> Settable = new()
    {
        [4] = (40, Success), [10] = (20, InvalidParameter), [11] = (20, InvalidParameter), [13] = (1, Success), [14] = (8, Success),
        [16] = (4, Success), [19] = (8, Success), [20] = (8, Success), [39] = (8, PrivilegeNotHeld), [40] = (4, PrivilegeNotHeld), [64] = (4, Success),
        [65] = (20, InvalidParameter), [72] = (20, InvalidParameter),
    };

    /// <summary>What a directory can be listed by, and the shortest output.</summary>
    private static readonly Dictionary<int, int> Listed = new()
    {
        [1] = 64, [2] = 68, [3] = 94, [12] = 12, [37] = 104, [38] = 80, [60] = 88, [63] = 114, [78] = 80, [79] = 106, [80] = 96, [81] = 122,
    };

    private readonly TemporaryFolder _folder = new();

    /// <summary>What can be open.</summary>
    public enum Kind
    {
        File,
        Directory,
        Stream,
        Root,
        Blind,
        Pipe,
    }

    public static TheoryData<bool, Kind> Opens()
    {
        var opens = new TheoryData<bool, Kind>();
        foreach (var kind in Enum.GetValues<Kind>())
        {
            opens.Add(false, kind);
            opens.Add(true, kind);
        }

        return opens;
    }

    public void Dispose() => _folder.Delete();

    [Theory]
    [MemberData(nameof(Opens))]
    public async Task Every_class_is_asked_for_with_every_length(bool onDisk, Kind kind)
    {
        var open = await OpenAsync(onDisk, kind);
        for (var number = 0; number <= 255; number++)
        {
            var (shortest, refusal, ample) = Answer(kind, number);
            for (var length = 0; length <= shortest + 1; length++)
            {
                var status = await QueryAsync(open, number, (uint)length);
                if (refusal != Success)
                {
                    Assert.Equal((number, length, refusal), (number, length, status));
                }
                else if (length < shortest)
                {
                    Assert.Equal((number, length, InfoLengthMismatch), (number, length, status));
                }
                else
                {
                    Assert.True(status == ample || (ample == Success && status == BufferOverflow), $"{number}, {length}: {status}");
                }
            }

            Assert.Equal((number, refusal != Success ? refusal : ample), (number, await QueryAsync(open, number, Ample)));
        }
    }

    [Theory]
    [MemberData(nameof(Opens))]
    public async Task Every_class_is_set_with_every_length(bool onDisk, Kind kind)
    {
        var open = await OpenAsync(onDisk, kind);
        for (var number = 0; number <= 255; number++)
        {
            var isSet = Settable.TryGetValue(number, out var set);
            if (kind == Kind.Pipe)
            {
                (isSet, set) = number == 23 ? (true, (8, Success)) : (false, default);
            }

            for (var length = 0; length <= set.Shortest + 1; length++)
            {
                if (number == 15)
                {
                    continue; // a list
                }

                var expected = length == 0 ? InvalidParameter
                    : !isSet ? RefusalToSet(kind, number)
                    : length < set.Shortest ? InfoLengthMismatch
                    : StatusOf(kind, number, set.Status);
                Assert.Equal((number, length, expected), (number, length, await SetAsync(open, number, new byte[length])));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Opens))]
    public async Task Every_class_is_listed_by_with_every_length(bool onDisk, Kind kind)
    {
        var open = await OpenAsync(onDisk, kind);
        for (var number = 0; number <= 255; number++)
        {
            var isListed = Listed.TryGetValue(number, out var shortest);
            for (var length = 0; length <= shortest + 1; length++)
            {
                var expected = kind == Kind.Pipe ? InvalidDeviceRequest
                    : !isListed ? InvalidInfoClass
                    : length < shortest ? InfoLengthMismatch
                    : kind is Kind.Directory or Kind.Root ? InfoLengthMismatch // there is not even room for "."
                    : InvalidParameter;
                Assert.Equal((number, length, expected), (number, length, await ListAsync(open, number, (uint)length)));
            }

            if (kind is Kind.Directory or Kind.Root)
            {
                Assert.Equal((number, isListed ? Success : InvalidInfoClass), (number, await ListAsync(open, number, Ample)));
            }
        }
    }

    private static (int Shortest, NtStatus Refusal, NtStatus Ample) Answer(Kind kind, int number)
    {
        var isAsked = Asked.TryGetValue(number, out var shortest);
        if (kind == Kind.Pipe)
        {
            return OfPipes.TryGetValue(number, out var size) ? (size, Success, Success)
                : NotAsked.Contains(number) ? (8, NotSupported, default)
                : isAsked && number is not (15 or 22) ? (shortest, Success, Success)
                : (8, InvalidInfoClass, default);
        }

        if (OfPipes.ContainsKey(number))
        {
            return (8, InvalidParameter, default);
        }

        if (!isAsked)
        {
            return (8, NotAsked.Contains(number) ? NotSupported : InvalidInfoClass, default);
        }

        if (number == 15 && kind == Kind.Blind)
        {
            return (shortest, AccessDenied, default); // attributes have a right of their own, which comes first
        }

        var ample = number == 15 ? NoEasOnFile
            : number == 21 && kind == Kind.Root ? ObjectNameNotFound
            : kind == Kind.Blind && OfAttributes.Contains(number) ? AccessDenied
            : Success;
        return (shortest, Success, ample);
    }

    private static NtStatus RefusalToSet(Kind kind, int number) => number switch
    {
        23 => InvalidParameter,
        32 => NotSupported,
        15 => NotSupported,
        _ => kind == Kind.Pipe && Settable.ContainsKey(number) ? NotSupported : InvalidInfoClass,
    };

    private static NtStatus StatusOf(Kind kind, int number, NtStatus status) => (kind, number) switch
    {
        (Kind.Directory or Kind.Root, 19 or 20) => InvalidParameter,
        (Kind.Blind, 4 or 19 or 20 or 13 or 40 or 64 or 39) => AccessDenied,
        _ => status,
    };

    private static async Task<NtStatus> QueryAsync(SmbTestFile file, int number, uint length) =>
        (await file.Tree.CallAsync(Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, Smb2InfoType.File, (byte)number, length))).Status;

    private static async Task<NtStatus> SetAsync(SmbTestFile file, int number, byte[] buffer) =>
        (await file.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, Smb2InfoType.File, (byte)number, buffer))).Status;

    private static async Task<NtStatus> ListAsync(SmbTestFile file, int number, uint length) =>
        (await file.Tree.CallAsync(
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(file.FileId, "*", (FileInformationClass)number, QueryDirectoryFlags.Reopen, outputLength: length))).Status;

    private async Task<SmbTestFile> OpenAsync(bool onDisk, Kind kind)
    {
        if (onDisk)
        {
            var store = new PhysicalFileStore(_folder.Path);
            Start(new TestServerOptions { Store = _ => store });
        }

        const string Name = "name of some length.txt";
        if (kind == Kind.Pipe)
        {
            return await (await Server.ConnectToAsync("IPC$")).OpenAsync("srvsvc", CreateDisposition.Open);
        }

        var tree = await Server.ConnectToAsync();
        await (await tree.OpenAsync(Name)).CloseAsync();
        return kind switch
        {
            Kind.Directory => await tree.OpenAsync("directory of some length", options: CreateOptions.DirectoryFile),
            Kind.Stream => await tree.OpenAsync(Name + ":stream"),
            Kind.Root => await tree.OpenAsync(string.Empty, CreateDisposition.Open, options: CreateOptions.DirectoryFile),
            Kind.Blind => await tree.OpenAsync(Name, CreateDisposition.Open, FileAccessMask.ReadControl),
            _ => await tree.OpenAsync(Name),
        };
    }
}
