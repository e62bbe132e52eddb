using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;
using Access = Smb3.Embedded.Nt.FileAccessMask;

namespace Smb3.Embedded.Tests.Files;

/// <summary>
/// Operation × object × right, on memory and on a folder: with just the rights that are listed here an operation is carried out, and without
/// any one of them it is refused and has changed nothing. What is here was written from the specification, not from the table.
/// </summary>
public sealed class OperationRightsTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>What bob is given. A handle (Open, Source) is opened with it; of the others the descriptor has it.</summary>
    private static readonly (string Operation, Given Given)[] Cases =
    [
        ("create file", new() { Directory = Access.AddFile }),
        ("create file by OPEN_IF", new() { Directory = Access.AddFile }),
        ("create file by SUPERSEDE", new() { Directory = Access.AddFile }),
        ("create directory", new() { Directory = Access.AddSubdirectory }),
        ("create stream", new() { File = Access.WriteData }),
        ("create stream of a new file", new() { Directory = Access.AddFile }),
        ("OVERWRITE", new() { File = Access.WriteData }),
        ("OVERWRITE_IF", new() { File = Access.WriteData }),
        ("SUPERSEDE", new() { File = Access.WriteData | Access.Delete }),
        ("SUPERSEDE", new() { File = Access.WriteData, Directory = Access.DeleteChild }),
        ("OVERWRITE stream", new() { File = Access.WriteData }),
        ("delete on close", new() { File = Access.Delete }),
        ("delete on close", new() { Directory = Access.DeleteChild }),
        ("disposition", new() { Open = Access.Delete }),
        ("disposition, POSIX", new() { Open = Access.Delete }),
        ("rename", new() { Open = Access.Delete, Directory = Access.AddFile }),
        ("rename, POSIX", new() { Open = Access.Delete, Directory = Access.AddFile }),
        ("rename in another case", new() { Open = Access.Delete, Home = Access.AddFile }),
        ("rename over", new() { Open = Access.Delete, Directory = Access.AddFile, Replaced = Access.Delete }),
        ("rename over", new() { Open = Access.Delete, Directory = Access.AddFile | Access.DeleteChild }),
        ("rename over, POSIX", new() { Open = Access.Delete, Directory = Access.AddFile, Replaced = Access.Delete }),
        ("rename over, POSIX", new() { Open = Access.Delete, Directory = Access.AddFile | Access.DeleteChild }),
        ("rename over an open file, POSIX", new() { Open = Access.Delete, Directory = Access.AddFile, Replaced = Access.Delete }),
        ("rename directory", new() { Open = Access.Delete, Directory = Access.AddSubdirectory }),
        ("rename stream", new() { Open = Access.Delete, File = Access.WriteData }),
        ("rename the data to a stream", new() { Open = Access.Delete, File = Access.WriteData }),
        ("rename stream to the data", new() { Open = Access.Delete, File = Access.WriteData }),
        ("link", new() { Directory = Access.AddFile }),
        ("link over", new() { Directory = Access.AddFile, Replaced = Access.Delete }),
        ("link over", new() { Directory = Access.AddFile | Access.DeleteChild }),
        ("copy", new() { Open = Access.WriteData, Source = Access.ReadData }),
        ("copy", new() { Open = Access.AppendData, Source = Access.Execute }),
        ("clone", new() { Open = Access.WriteData, Source = Access.ReadData }),
        ("offload read", new() { Open = Access.ReadData }),
        ("offload write", new() { Open = Access.WriteData }),
    ];

    private readonly TemporaryFolder _folder = new();
    private TestVolume _volume = null!;

    public static TheoryData<bool, string, string, string> Generated
    {
        get
        {
            var data = new TheoryData<bool, string, string, string>();
            foreach (var physical in new[] { false, true })
            {
                for (var i = 0; i < Cases.Length; i++)
                {
                    var (operation, given) = Cases[i];
                    data.Add(physical, $"{i} {operation}", "nothing", string.Empty);
                    foreach (var (target, rights) in given.All())
                    {
                        foreach (var right in Enum.GetValues<Access>().Distinct())
                        {
                            // Names of one bit; ADD_FILE is WRITE_DATA by another name.
                            if (System.Numerics.BitOperations.PopCount((uint)right) == 1 && (rights & right) != 0)
                            {
                                data.Add(physical, $"{i} {operation}", target, right.ToString());
                            }
                        }
                    }
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Delete();

    [Theory]
    [MemberData(nameof(Generated))]
    public async Task Every_right_is_asked_for_and_no_other(bool physical, string what, string missingOf, string missing)
    {
        using var store = physical ? new PhysicalFileStore(_folder.Path) : null;
        _volume = new TestVolume(_ => store ?? (IFileStore)new MemoryFileStore());
        var traits = _volume.Volume.Store.Traits;
        var (operation, given) = Cases[int.Parse(what[..what.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)];
        if (!traits.Has(StoreAbilities.SecurityDescriptors) || (operation == "clone" && !traits.Has(StoreAbilities.BlockCloning)))
        {
            return;
        }

        if (missingOf != "nothing")
        {
            given = given.Without(missingOf, Enum.Parse<Access>(missing));
        }

        await PrepareAsync(given);
        var before = await StateAsync();
        var status = await RunAsync(operation, given);
        if (missingOf == "nothing")
        {
            Assert.Equal(NtStatus.Success, status);
        }
        else
        {
            Assert.Equal(NtStatus.AccessDenied, status);
            Assert.Equal(before, await StateAsync());
        }

        _volume.AssertEmpty();
    }

    [Fact]
    public void Every_line_of_the_table_is_where_it_is_looked_for()
    {
        Assert.Equal(Enum.GetValues<FileOperation>(), OperationRights.All.Select(line => line.Operation));
        Assert.All(OperationRights.All, line => Assert.Same(line, OperationRights.Of(line.Operation)));
        Assert.All(OperationRights.All, line => Assert.NotEqual(Access.None, line.Open | line.File | line.Directory));
    }

    /// <summary>What the share withholds nobody has, whatever the descriptors give.</summary>
    [Theory]
    [InlineData("rename over", Access.AddFile)]
    [InlineData("rename directory", Access.AddSubdirectory)]
    [InlineData("link", Access.AddFile)]
    [InlineData("link over", Access.Delete | Access.DeleteChild)]
    [InlineData("rename stream", Access.WriteData)]
    public async Task A_share_can_withhold_each_right(string operation, Access withheld)
    {
        _volume = new TestVolume();
        await PrepareAsync(Given.Everything);
        Assert.Equal(NtStatus.AccessDenied, await RunAsync(operation, Given.Everything, share: TestVolume.All & ~withheld));
    }

    private static ReadOnlyMemory<byte> Describe(Access bob) => new SecurityDescriptor
    {
        Owner = Alice.User,
        Group = WellKnownSids.Users,
        HasDacl = true,
        Dacl = new Acl(bob == 0 ? [Ace.Allow(Alice.User, TestVolume.All)] : [Ace.Allow(Alice.User, TestVolume.All), Ace.Allow(Bob.User, bob)]),
    }.ToArray();

    /// <summary>home\ with what bob has a handle on, and target\ where names appear.</summary>
    private async Task PrepareAsync(Given given)
    {
        // What a handle is opened with the file gives, and READ_ATTRIBUTES for a handle that can do nothing else.
        var handle = given.Open | given.File | Access.ReadAttributes | Access.Synchronize;
        await MakeAsync("home", given.Home, CreateOptions.DirectoryFile);
        await MakeAsync("target", given.Directory, CreateOptions.DirectoryFile);
        await MakeAsync("home\\file", handle);
        await MakeAsync("home\\directory", handle, CreateOptions.DirectoryFile);
        await MakeAsync("home\\source", given.Source | Access.ReadAttributes);
        await MakeAsync("target\\victim", given.Replaced);
        await MakeAsync("target\\file", given.File | Access.ReadAttributes);
        await (await _volume.OpenAsync("home\\file:stream")).CloseAsync();
        await (await _volume.OpenAsync("target\\file:stream")).CloseAsync();
        foreach (var path in new[] { "home\\source", "target\\victim", "target\\file", "home\\file:stream", "target\\file:stream" })
        {
            var open = await _volume.OpenAsync(path, CreateDisposition.Open);
            Assert.Equal(NtStatus.Success, await WriteAsync(open, 0, new byte[8192]));
            await open.CloseAsync();
        }

        var data = await _volume.OpenAsync("home\\file", CreateDisposition.Open);
        Assert.Equal(NtStatus.Success, await data.SetEndOfFileAsync(given.Copies ? 8192 : 0, None));
        await data.CloseAsync();
    }

    private async Task MakeAsync(string path, Access bob, CreateOptions options = CreateOptions.NonDirectoryFile)
    {
        var made = await _volume.CreateAsync(path, CreateDisposition.Create, options: options, descriptor: Describe(bob));
        Assert.Equal(NtStatus.Success, made.Status);
        await made.Open!.CloseAsync();
    }

    /// <summary>Every name, with its length: what a refused operation leaves alone.</summary>
    private async Task<string> StateAsync()
    {
        var lines = new List<string>();
        foreach (var path in new[] { "home", "target" })
        {
            var directory = await _volume.Volume.Store.OpenAsync(new StorePath(path), StoreAccess.Metadata, None);
            await using var handle = directory.Value;
            await using var listing = (await handle.ListAsync(None)).Value;
            var entries = new StoreEntry[32];
            var count = (await listing.ReadAsync(entries, None)).Value;
            lines.AddRange(entries.Take(count).Select(entry => $"{path}\\{entry.Name} {entry.Metadata.FileId} {entry.Metadata.Length}"));
        }

        foreach (var path in new[] { "home\\file", "target\\file", "target\\victim" })
        {
            var opened = await _volume.Volume.Store.OpenAsync(new StorePath(path), StoreAccess.Metadata, None);
            if (opened.Succeeded)
            {
                await using var file = opened.Value;
                var streams = await ((IStreamedFile)file).ListStreamsAsync(None);
                lines.AddRange(streams.Value.Select(stream => $"{path}:{stream.Name} {stream.Length}"));
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    private async Task<NtStatus> RunAsync(string operation, Given given, Access share = TestVolume.All)
    {
        switch (operation)
        {
            case "create file":
                return await CreateAsync("target\\new", CreateDisposition.Create, TestVolume.All, share);
            case "create file by OPEN_IF":
                return await CreateAsync("target\\new", CreateDisposition.OpenIf, TestVolume.All, share);
            case "create file by SUPERSEDE":
                return await CreateAsync("target\\new", CreateDisposition.Supersede, TestVolume.All, share);
            case "create directory":
                return await CreateAsync("target\\new", CreateDisposition.Create, TestVolume.All, share, CreateOptions.DirectoryFile);
            case "create stream":
                return await CreateAsync("target\\file:new", CreateDisposition.Create, Access.ReadAttributes, share);
            case "create stream of a new file":
                return await CreateAsync("target\\new:new", CreateDisposition.Create, TestVolume.All, share);
            case "OVERWRITE":
                return await CreateAsync("target\\file", CreateDisposition.Overwrite, Access.ReadAttributes, share);
            case "OVERWRITE_IF":
                return await CreateAsync("target\\file", CreateDisposition.OverwriteIf, Access.ReadAttributes, share);
            case "SUPERSEDE":
                return await CreateAsync("target\\file", CreateDisposition.Supersede, Access.ReadAttributes, share);
            case "OVERWRITE stream":
                return await CreateAsync("target\\file:stream", CreateDisposition.Overwrite, Access.ReadAttributes, share);
            case "delete on close":
                return await CreateAsync("target\\file", CreateDisposition.Open, Access.Delete, share, CreateOptions.DeleteOnClose);
            case "clone":
            case "copy":
            {
                var source = await OpenAsync("home\\source", given.Source, share);
                try
                {
                    return await WithAsync("home\\file", given.Open, share, open => operation == "copy"
                        ? open.CopyFromAsync(source, 0, given.Open == Access.AppendData ? 8192 : 0, 4096, None)
                        : open.CloneFromAsync(source, 0, 0, 4096, None));
                }
                finally
                {
                    await source.CloseAsync();
                }
            }

            case "offload read":
                return await WithAsync("home\\file", given.Open, share, async open =>
                {
                    var read = await open.OffloadReadAsync(0, 4096, None);
                    return read.Status;
                });
            case "offload write":
            {
                var from = await _volume.OpenAsync("home\\source", CreateDisposition.Open);
                try
                {
                    var token = await from.OffloadReadAsync(0, 4096, None);
                    Assert.Equal(NtStatus.Success, token.Status);
                    return await WithAsync("home\\file", given.Open, share, async open =>
                        (await open.OffloadWriteAsync(token.Value, zeros: false, 0, 0, 4096, (4096, 4096), None)).Status);
                }
                finally
                {
                    await from.CloseAsync();
                }
            }

            case "disposition":
                return await WithAsync("home\\file", given.Open, share, open => open.SetDispositionAsync(true, false, false, false, null, None));
            case "disposition, POSIX":
                return await WithAsync("home\\file", given.Open, share, open => open.SetDispositionAsync(true, true, false, false, null, None));
            case "rename":
                return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync("target\\new", false, false, null, None));
            case "rename, POSIX":
                return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync("target\\new", true, true, null, None));
            case "rename in another case":
                return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync("home\\FILE", false, false, null, None));
            case "rename over":
                return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync("target\\victim", true, false, null, None));
            case "rename over, POSIX":
                return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync("target\\victim", true, true, null, None));
            case "rename over an open file, POSIX":
            {
                var victim = await _volume.OpenAsync("target\\victim", CreateDisposition.Open);
                try
                {
                    return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync("target\\victim", true, true, null, None));
                }
                finally
                {
                    await victim.CloseAsync();
                }
            }

            case "rename directory":
                return await WithAsync("home\\directory", given.Open, share, open => open.RenameAsync("target\\new", false, false, null, None));
            case "rename stream":
                return await WithAsync("home\\file:stream", given.Open, share, open => open.RenameAsync(":other", false, false, null, None));
            case "rename the data to a stream":
                return await WithAsync("home\\file", given.Open, share, open => open.RenameAsync(":other", false, false, null, None));
            case "rename stream to the data":
                return await WithAsync("home\\file:stream", given.Open, share, open => open.RenameAsync("::$DATA", true, false, null, None));
            case "link":
                return await WithAsync("home\\file", given.Open, share, open => open.LinkAsync("target\\new", false, null, None));
            case "link over":
                return await WithAsync("home\\file", given.Open, share, open => open.LinkAsync("target\\victim", true, null, None));
            default:
                throw new ArgumentException(operation, nameof(operation));
        }
    }

    private async Task<NtStatus> CreateAsync(
        string path, CreateDisposition disposition, Access access, Access share, CreateOptions options = CreateOptions.None)
    {
        var outcome = await _volume.CreateAsync(path, disposition, access, options: options, caller: Bob, shareAccess: share);
        if (outcome.Open is { } open)
        {
            await open.CloseAsync();
        }

        return outcome.Status;
    }

    private async Task<FileOpen> OpenAsync(string path, Access access, Access share)
    {
        var outcome = await _volume.CreateAsync(
            path, CreateDisposition.Open, (access | Access.ReadAttributes) & share, caller: Bob, shareAccess: share);
        Assert.Equal(NtStatus.Success, outcome.Status);
        return outcome.Open!;
    }

    private async Task<NtStatus> WithAsync(string path, Access access, Access share, Func<FileOpen, ValueTask<NtStatus>> run)
    {
        var open = await OpenAsync(path, access, share);
        var status = await run(open);
        await open.CloseAsync();
        return status;
    }

    private sealed record Given
    {
        public static Given Everything { get; } = new()
        {
            Open = TestVolume.All, Source = TestVolume.All, File = TestVolume.All, Directory = TestVolume.All, Home = TestVolume.All, Replaced = TestVolume.All,
        };

        public Access Open { get; init; }

        public Access Source { get; init; }

        public Access File { get; init; }

        /// <summary>Where a name appears.</summary>
        public Access Directory { get; init; }

        /// <summary>Where the file is that the handle is on.</summary>
        public Access Home { get; init; }

        public Access Replaced { get; init; }

        /// <summary>Whether the file of the handle has data at first.</summary>
        public bool Copies => (Open & (Access.WriteData | Access.AppendData | Access.ReadData)) != 0;

        public IEnumerable<(string Object, Access Rights)> All() =>
        [
            ("handle", Open), ("source", Source), ("file", File), ("directory", Directory), ("home", Home), ("replaced", Replaced),
        ];

        public Given Without(string target, Access right) => target switch
        {
            "handle" => this with { Open = Open & ~right },
            "source" => this with { Source = Source & ~right },
            "file" => this with { File = File & ~right },
            "directory" => this with { Directory = Directory & ~right },
            "home" => this with { Home = Home & ~right },
            _ => this with { Replaced = Replaced & ~right },
        };
    }
}
