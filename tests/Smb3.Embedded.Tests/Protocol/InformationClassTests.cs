using System.Buffers.Binary;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// Every class of information there can be, asked for and set with every length around the shortest one that will do (MS-SMB2 3.3.5.20 and
/// 3.3.5.21, MS-FSCC 2.4 and 2.5, MS-FSA 2.1.5.12 to 16).
/// </summary>
public sealed class InformationClassTests : ProtocolTest, IDisposable
{
    private const int LargestClass = 255;

    // What can be asked about a file, and the shortest output that will do.
    private static readonly Dictionary<int, int> Queried = new()
    {
        [4] = 40, [5] = 24, [6] = 8, [7] = 4, [8] = 4, [14] = 8, [16] = 4, [17] = 4, [18] = 104, [21] = 8, [22] = 32, [28] = 16,
        [34] = 56, [35] = 8, [48] = 8, [59] = 24,

        // Not in MS-FSCC, but asked by today's Windows.
        [68] = 72, [71] = 4, [77] = 104,
    };

    // In MS-FSCC, but for listings, for SET_INFO or for local programs.
    private static readonly HashSet<int> NeverQueried =
    [
        1, 2, 3, 9, 10, 11, 12, 13, 19, 20, 26, 27, 29, 31, 32, 33, 36, 37, 38, 39, 40, 44, 45, 46, 50, 54, 60, 78, 79, 80, 81,
    ];

    private static readonly Dictionary<int, int> VolumeQueried = new()
    {
        [1] = 24, [3] = 24, [4] = 8, [5] = 16, [6] = 48, [7] = 32, [8] = 64, [11] = 28,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Every_class_of_a_file_is_answered_or_refused(bool onDisk, bool directory)
    {
        var file = await OpenAsync(onDisk, directory);
        for (var number = 0; number <= LargestClass; number++)
        {
            if (number is 15 or 23 or 24 or 25)
            {
                continue; // below
            }

            if (!Queried.TryGetValue(number, out var shortest))
            {
                var refusal = NeverQueried.Contains(number) ? NtStatus.NotSupported : NtStatus.InvalidInfoClass;
                Assert.Equal((number, refusal), (number, await QueryAsync(file, Smb2InfoType.File, number, 4096)));
                Assert.Equal((number, refusal), (number, await QueryAsync(file, Smb2InfoType.File, number, 0)));
                continue;
            }

            Assert.Equal((number, NtStatus.InfoLengthMismatch), (number, await QueryAsync(file, Smb2InfoType.File, number, 0)));
            Assert.Equal((number, NtStatus.InfoLengthMismatch), (number, await QueryAsync(file, Smb2InfoType.File, number, shortest - 1)));
            var least = await QueryAsync(file, Smb2InfoType.File, number, shortest);
            Assert.True(least is NtStatus.Success or NtStatus.BufferOverflow, $"{number}: {least}");
            Assert.Equal((number, NtStatus.Success), (number, await QueryAsync(file, Smb2InfoType.File, number, 4096)));
        }

        // The classes of a pipe say nothing of a file; attributes are a list, which may be empty.
        foreach (var number in new[] { 23, 24, 25 })
        {
            Assert.Equal((number, NtStatus.InvalidParameter), (number, await QueryAsync(file, Smb2InfoType.File, number, 4096)));
        }

        Assert.Equal(NtStatus.InfoLengthMismatch, await QueryAsync(file, Smb2InfoType.File, 15, 7));
        Assert.Equal(NtStatus.NoEasOnFile, await QueryAsync(file, Smb2InfoType.File, 15, 8));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_class_of_a_volume_is_answered_or_refused(bool onDisk)
    {
        var file = await OpenAsync(onDisk, directory: false);
        for (var number = 0; number <= LargestClass; number++)
        {
            var isSettable = number is 6;
            if (VolumeQueried.TryGetValue(number, out var shortest))
            {
                Assert.Equal((number, NtStatus.InfoLengthMismatch), (number, await QueryAsync(file, Smb2InfoType.FileSystem, number, shortest - 1)));
                var least = await QueryAsync(file, Smb2InfoType.FileSystem, number, shortest);
                Assert.True(least is NtStatus.Success or NtStatus.BufferOverflow, $"{number}: {least}");
                Assert.Equal((number, NtStatus.Success), (number, await QueryAsync(file, Smb2InfoType.FileSystem, number, 4096)));
            }
            else
            {
                var refusal = number is 2 or 9 or 10 ? NtStatus.NotSupported : NtStatus.InvalidInfoClass;
                Assert.Equal((number, refusal), (number, await QueryAsync(file, Smb2InfoType.FileSystem, number, 4096)));
            }

            var set = await SetAsync(file, Smb2InfoType.FileSystem, number, new byte[isSettable ? 47 : 64]);
            var expected = number switch
            {
                6 => onDisk ? NtStatus.NotSupported : NtStatus.InfoLengthMismatch, // a folder has no quotas
                2 or 8 or 9 or 10 => NtStatus.NotSupported,
                _ => NtStatus.InvalidInfoClass,
            };
            Assert.Equal((number, expected), (number, set));
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Every_class_is_set_or_refused(bool onDisk, bool directory)
    {
        var file = await OpenAsync(onDisk, directory);
        var valid = new Dictionary<int, (byte[] Buffer, NtStatus Status)>
        {
            [4] = (new byte[40], NtStatus.Success),
            [13] = ([0], NtStatus.Success),
            [14] = (new byte[8], NtStatus.Success),
            [16] = (new byte[4], NtStatus.Success),
            [19] = (new byte[8], directory ? NtStatus.InvalidParameter : NtStatus.Success),
            [20] = (new byte[8], directory ? NtStatus.InvalidParameter : NtStatus.Success),
            [39] = (new byte[8], NtStatus.PrivilegeNotHeld),
            [64] = (new byte[4], NtStatus.Success),
        };
        for (var number = 0; number <= LargestClass; number++)
        {
            if (number is 10 or 11 or 15 or 40 or 65 or 72)
            {
                continue; // names and lists: below
            }

            Assert.Equal((number, NtStatus.InvalidParameter), (number, await SetAsync(file, Smb2InfoType.File, number, [])));
            if (valid.TryGetValue(number, out var set))
            {
                var half = set.Buffer.Length == 1 ? [] : set.Buffer[..^1];
                var short_ = half.Length == 0 ? NtStatus.InvalidParameter : NtStatus.InfoLengthMismatch;
                Assert.Equal((number, short_), (number, await SetAsync(file, Smb2InfoType.File, number, half)));
                Assert.Equal((number, set.Status), (number, await SetAsync(file, Smb2InfoType.File, number, set.Buffer)));
                Assert.Equal((number, set.Status), (number, await SetAsync(file, Smb2InfoType.File, number, [.. set.Buffer, 0, 0])));
                continue;
            }

            var refusal = number switch
            {
                23 => NtStatus.InvalidParameter,
                32 => NtStatus.NotSupported,
                _ => NtStatus.InvalidInfoClass,
            };
            Assert.Equal((number, refusal), (number, await SetAsync(file, Smb2InfoType.File, number, new byte[128])));
        }
    }

    [Fact]
    public async Task A_pipe_has_no_class_of_a_file_to_set_and_unknown_ones_are_unknown_there_too()
    {
        var tree = await Server.ConnectToAsync("IPC$");
        var pipe = await tree.OpenAsync("srvsvc", CreateDisposition.Open);
        int[] ofFiles = [4, 10, 11, 13, 14, 15, 16, 19, 20, 39, 40, 64, 65, 72];
        for (var number = 0; number <= LargestClass; number++)
        {
            var status = number == 23 ? NtStatus.Success
                : number == 32 || ofFiles.Contains(number) ? NtStatus.NotSupported
                : NtStatus.InvalidInfoClass;
            Assert.Equal((number, status), (number, await SetAsync(pipe, Smb2InfoType.File, number, new byte[64])));
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(65)]
    [InlineData(11)]
    [InlineData(72)]
    public async Task A_new_name_is_even_not_empty_and_within_the_buffer(int number)
    {
        var file = await OpenAsync(onDisk: false, directory: false);
        Assert.Equal(NtStatus.InfoLengthMismatch, await SetAsync(file, Smb2InfoType.File, number, new byte[19]));
        Assert.Equal(NtStatus.InvalidParameter, await SetAsync(file, Smb2InfoType.File, number, Named("new", 0)));
        Assert.Equal(NtStatus.InvalidParameter, await SetAsync(file, Smb2InfoType.File, number, Named("new", 5)));
        Assert.Equal(NtStatus.InvalidParameter, await SetAsync(file, Smb2InfoType.File, number, Named("new", 8)));
        Assert.Equal(NtStatus.InvalidParameter, await SetAsync(file, Smb2InfoType.File, number, Named("new", uint.MaxValue - 1)));
        var rooted = Named("new", 6);
        rooted[8] = 1;
        Assert.Equal(NtStatus.InvalidParameter, await SetAsync(file, Smb2InfoType.File, number, rooted));
        Assert.Equal(NtStatus.Success, await SetAsync(file, Smb2InfoType.File, number, Named("new", 6)));
    }

    [Fact]
    public async Task A_short_name_is_even_and_within_the_buffer_and_an_administrators_to_give()
    {
        var file = await OpenAsync(onDisk: false, directory: false);
        Assert.Equal(NtStatus.InfoLengthMismatch, await SetAsync(file, Smb2InfoType.File, 40, new byte[3]));
        Assert.Equal(NtStatus.PrivilegeNotHeld, await SetAsync(file, Smb2InfoType.File, 40, [2, 0, 0, 0, (byte)'A', 0]));
        var reader = await file.Tree.OpenAsync("name of some length.txt", access: FileAccessMask.FileGenericRead);
        Assert.Equal(NtStatus.AccessDenied, await SetAsync(reader, Smb2InfoType.File, 40, [2, 0, 0, 0, (byte)'A', 0]));
    }

    [Theory]
    [InlineData(19)]
    [InlineData(20)]
    public async Task No_file_is_made_longer_than_any_can_be(int number)
    {
        var file = await OpenAsync(onDisk: false, directory: false);
        foreach (var length in new[] { -1, long.MinValue, long.MaxValue, Server.Memory.Traits.MaxFileLength + 1 })
        {
            Assert.Equal(NtStatus.InvalidParameter, await SetAsync(file, Smb2InfoType.File, number, BitConverter.GetBytes(length)));
        }
    }

    [Theory]
    [InlineData(0, NtStatus.Success)]
    [InlineData(0x80, NtStatus.Success)]
    [InlineData(1, NtStatus.InvalidEaName)]
    [InlineData(0x81, NtStatus.InvalidEaName)]
    [InlineData(0x40, NtStatus.InvalidEaName)]
    public async Task An_attribute_has_no_flag_but_that_it_is_needed(byte flags, NtStatus status)
    {
        var file = await OpenAsync(onDisk: false, directory: false);
        byte[] attribute = [0, 0, 0, 0, flags, 1, 1, 0, (byte)'A', 0, 7];
        Assert.Equal(status, await SetAsync(file, Smb2InfoType.File, 15, attribute));
        var made = await file.Tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(
                "made", contexts: (ref CreateContextWriter writer) => writer.Raw(CreateContextName.ExtendedAttributes, attribute)));
        Assert.Equal(status, made.Status);
    }

    [Fact]
    public async Task The_mode_of_an_open_is_how_it_reads_and_writes_and_whether_it_deletes()
    {
        var tree = await Server.ConnectToAsync();
        const CreateOptions Shown = CreateOptions.WriteThrough | CreateOptions.SequentialOnly | CreateOptions.NoIntermediateBuffering
            | CreateOptions.DeleteOnClose;
        var file = await tree.OpenAsync(
            "file",
            options: Shown | CreateOptions.NonDirectoryFile | CreateOptions.NoEaKnowledge | CreateOptions.RandomAccess
                | CreateOptions.OpenForBackupIntent | CreateOptions.OpenReparsePoint | CreateOptions.OpenNoRecall);
        foreach (var (informationClass, at) in new[]
        {
            (FileInformationClass.FileModeInformation, 0), (FileInformationClass.FileAllInformation, 88),
        })
        {
            var answer = await tree.CallAsync(Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, informationClass));
            var buffer = OutputBufferAnswer.Parse(answer.Expect(NtStatus.Success).Message).Buffer;
            Assert.Equal(Shown, (CreateOptions)BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(at)));
        }
    }

    /// <summary>The id of a file and of its volume are the same wherever they are told (MS-FSCC 2.4.26, 2.4.27, 2.4.46).</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_has_one_id_on_one_volume_in_every_class(bool onDisk)
    {
        var file = await OpenAsync(onDisk, directory: false);
        var tree = file.Tree;
        var whole = await BufferAsync(59);
        var id = whole[8..16];
        Assert.NotEqual(new byte[8], whole[..8]);
        Assert.NotEqual(new byte[8], id);
        Assert.Equal(new byte[8], whole[16..24]);
        Assert.Equal(id, await BufferAsync(6));
        Assert.Equal(id, (await BufferAsync(18))[64..72]);
        Assert.Equal(id, (await BufferAsync(68))[..8]);
        var stat = await BufferAsync(77);
        Assert.Equal(id, stat[..8]);
        Assert.Equal(whole, stat[80..104]);

        var root = await tree.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
        foreach (var (number, narrow, wide) in new[]
        {
            (37, 96, 0), (38, 72, 0), (60, 0, 72), (63, 0, 72), (78, 72, 0), (79, 72, 0), (80, 72, 80), (81, 72, 80),
        })
        {
            var listed = OutputBufferAnswer.Parse((await tree.CallAsync(
                Smb2Command.QueryDirectory,
                RequestBody.QueryDirectory(root.FileId, "name*", (FileInformationClass)number, QueryDirectoryFlags.Reopen)))
                .Expect(NtStatus.Success).Message).Buffer;
            Assert.True(narrow == 0 || id.AsSpan().SequenceEqual(listed.AsSpan(narrow, 8)), $"{number}");
            Assert.True(wide == 0 || whole.AsSpan(8, 16).SequenceEqual(listed.AsSpan(wide, 16)), $"{number}");
        }

        async Task<byte[]> BufferAsync(int number) => OutputBufferAnswer.Parse((await tree.CallAsync(
            Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, (FileInformationClass)number))).Expect(NtStatus.Success).Message).Buffer;
    }

    private static byte[] Named(string name, uint length)
    {
        var buffer = new byte[20 + (name.Length * 2)];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(16), length);
        Encoding.Unicode.GetBytes(name, buffer.AsSpan(20));
        return buffer;
    }

    private static async Task<NtStatus> QueryAsync(SmbTestFile file, Smb2InfoType type, int number, int length) =>
        (await file.Tree.CallAsync(
            Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, type, (byte)number, (uint)length))).Status;

    private static async Task<NtStatus> SetAsync(SmbTestFile file, Smb2InfoType type, int number, byte[] buffer) =>
        (await file.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, type, (byte)number, buffer))).Status;

    private async Task<SmbTestFile> OpenAsync(bool onDisk, bool directory)
    {
        if (onDisk)
        {
            IFileStore store = new PhysicalFileStore(_folder.Path);
            Start(new TestServerOptions { Store = _ => store });
        }

        var tree = await Server.ConnectToAsync();
        var options = directory ? CreateOptions.DirectoryFile : CreateOptions.NonDirectoryFile;
        return await tree.OpenAsync("name of some length.txt", options: options);
    }
}
