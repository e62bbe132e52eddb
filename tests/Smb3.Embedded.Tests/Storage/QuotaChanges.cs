using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;
using static Smb3.Embedded.Tests.Storage.QuotaSteps;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Every way in which a length, an owner or the existence of a file changes.</summary>
internal static class QuotaChanges
{
    public static IReadOnlyDictionary<string, Func<PhysicalFileStore, Task>> All { get; } = new Dictionary<string, Func<PhysicalFileStore, Task>>
    {
        ["write"] = async store => await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000])),
        ["write behind the end"] = async store => await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(5_000_000, new byte[10])),
        ["write within"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[1000]);
            await file.PutAsync(10, new byte[100]);
            await file.PutAsync(990, new byte[20]);
        }),
        ["large write"] = async store => await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[3 << 20])),
        ["empty write"] = async store => await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(1000)),
        ["longer"] = async store => await WithAsync(await NewAsync(store, "a"), file => LengthAsync(file, 70_000)),
        ["shorter"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[1000]);
            await LengthAsync(file, 10);
        }),
        ["two handles"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[1000]);
            await using var other = await OpenFileAsync(store, "a");
            await other.PutAsync(1000, new byte[500]);
            await LengthAsync(file, 100);
            await other.PutAsync(90, new byte[20]);
        }),
        ["opened again"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await WithAsync(await OpenFileAsync(store, "a"), file => file.PutAsync(900, new byte[1000]));
        },
        ["reserve"] = async store => await WithAsync(await NewAsync(store, "a", allocation: 100_000), async file =>
            Assert.Equal(NtStatus.Success, await file.AllocateAsync(200_000, CancellationToken.None))),
        ["zero"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[100_000]);
            var sparse = (ISparseFile)file;
            await sparse.SetSparseAsync(true, CancellationToken.None);
            Assert.Equal(NtStatus.Success, await sparse.ZeroAsync(4096, 8192, CancellationToken.None));
            Assert.Equal(NtStatus.Success, await sparse.ZeroAsync(90_000, 20_000, CancellationToken.None));
        }),
        ["copy"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[100_000]);
            await using var copy = await NewAsync(store, "b", Bob);
            await ((ICopyTarget)copy).CopyFromAsync(file, 0, 50, 80_000, CancellationToken.None);
            await ((ICopyTarget)copy).CopyFromAsync(file, 90_000, 80_000, 80_000, CancellationToken.None); // more than there is
            await ((ICloneTarget)copy).CloneFromAsync(file, 0, 1 << 20, 65_536, CancellationToken.None); // where there are none: refused
        }),
        ["delete"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await DeleteAsync(store, "a");
        },
        ["delete while open"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[1000]);
            await DeleteAsync(store, "a");
            await file.PutAsync(1000, new byte[1000]);
        }),
        ["link"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await LinkAsync(store, "a", "b");
            await WithAsync(await OpenFileAsync(store, "b"), file => file.PutAsync(1000, new byte[1000]));
        },
        ["one of two links deleted"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await LinkAsync(store, "a", "b");
            await DeleteAsync(store, "a");
        },
        ["both links deleted"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await LinkAsync(store, "a", "b");
            await DeleteAsync(store, "a");
            await DeleteAsync(store, "b");
        },
        ["link in the place of a file"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await WithAsync(await NewAsync(store, "b", Bob), file => file.PutAsync(0, new byte[300]));
            await LinkAsync(store, "a", "b");
        },
        ["rename"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await RenameAsync(store, "a", "b");
        },
        ["rename in the place of a file"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await WithAsync(await NewAsync(store, "b", Bob), file => file.PutAsync(0, new byte[300]));
            await RenameAsync(store, "a", "B");
        },
        ["rename between two names of a file"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), file => file.PutAsync(0, new byte[1000]));
            await LinkAsync(store, "a", "b");
            await RenameAsync(store, "a", "b");
        },
        ["another owner"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[1000]);
            await StreamAsync(file, "s", 5000);
            await OwnerAsync(file, Bob);
            await file.PutAsync(1000, new byte[1000]);
        }),
        ["an owner at last, and none"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a", null), async file =>
            {
                await file.PutAsync(0, new byte[1000]);
                await OwnerAsync(file, Bob);
            });
            await WithAsync(await NewAsync(store, "b"), async file =>
            {
                await file.PutAsync(0, new byte[1000]);
                Assert.Equal(NtStatus.Success, await ((ISecurableFile)file).SetSecurityDescriptorAsync(Descriptor(null), CancellationToken.None));
            });
        },
        ["small stream"] = async store => await WithAsync(await NewAsync(store, "a"), file => StreamAsync(file, "s", 100)),
        ["large stream"] = async store => await WithAsync(await NewAsync(store, "a"), file => StreamAsync(file, "s", 100_000)),
        ["stream that grows and shrinks"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await StreamAsync(file, "s", 100);
            await using var stream = (await ((IStreamedFile)file).OpenStreamAsync("S", StoreAccess.ReadWrite, CancellationToken.None)).Value;
            await stream.PutAsync(100, new byte[2000]);
            await stream.PutAsync(3000, new byte[1]);
            await LengthAsync(stream, 2500);
            await LengthAsync(stream, 10);
            await LengthAsync(stream, 4000);
        }),
        ["stream deleted"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await StreamAsync(file, "s", 100_000);
            await StreamAsync(file, "t", 100);
            Assert.Equal(NtStatus.Success, await ((IStreamedFile)file).DeleteStreamAsync("s", CancellationToken.None));
        }),
        ["stream deleted while open"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await StreamAsync(file, "s", 100_000);
            await using var stream = (await ((IStreamedFile)file).OpenStreamAsync("s", StoreAccess.ReadWrite, CancellationToken.None)).Value;
            Assert.Equal(NtStatus.Success, await ((IStreamedFile)file).DeleteStreamAsync("s", CancellationToken.None));
            await stream.PutAsync(100_000, new byte[1000]);
        }),
        ["stream renamed"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await StreamAsync(file, "s", 100_000);
            await StreamAsync(file, "t", 300);
            Assert.Equal(NtStatus.Success, await ((IStreamedFile)file).RenameStreamAsync("s", "t", replace: true, CancellationToken.None));
        }),
        ["stream that becomes the data"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[1000]);
            await StreamAsync(file, "s", 100_000);
            await using var stream = (await ((IStreamedFile)file).OpenStreamAsync("s", StoreAccess.ReadWrite, CancellationToken.None)).Value;
            Assert.Equal(NtStatus.Success, await ((IStreamedFile)file).RenameStreamAsync("s", string.Empty, replace: true, CancellationToken.None));
            await stream.PutAsync(100_000, new byte[1000]);
            await file.PutAsync(101_000, new byte[500]);
        }),
        ["data that becomes a stream"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[100_000]);
            await StreamAsync(file, "s", 300);
            var named = await ((IUnnamedStreamFile)file).RenameUnnamedStreamAsync("t", replace: false, 1, CancellationToken.None);
            Assert.Equal(NtStatus.Success, named.Status);
            await using var stream = named.Value[0];
            await stream.PutAsync(100_000, new byte[1000]);
            await file.PutAsync(0, new byte[500]);
        }),
        ["data that could not become a stream"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await file.PutAsync(0, new byte[100_000]);
            await StreamAsync(file, "s", 300);
            var named = await ((IUnnamedStreamFile)file).RenameUnnamedStreamAsync("s", replace: false, 1, CancellationToken.None);
            Assert.Equal(NtStatus.ObjectNameCollision, named.Status);
        }),
        ["file with streams deleted"] = async store =>
        {
            await WithAsync(await NewAsync(store, "a"), async file =>
            {
                await file.PutAsync(0, new byte[1000]);
                await StreamAsync(file, "s", 100);
                await StreamAsync(file, "t", 100_000);
            });
            await DeleteAsync(store, "a");
        },
        ["streams that make room for a descriptor"] = async store => await WithAsync(await NewAsync(store, "a"), async file =>
        {
            await StreamAsync(file, "s", 1000);
            await StreamAsync(file, "t", 1000);
            await StreamAsync(file, "u", 1000);
            await ((ISecurableFile)file).SetSecurityDescriptorAsync((byte[])[.. Descriptor(Bob), .. new byte[2500]], CancellationToken.None);
        }),
        ["streams of directories"] = async store =>
        {
            await WithAsync(await NewAsync(store, "d", isDirectory: true), file => StreamAsync(file, "s", 100_000));
            await WithAsync(await NewAsync(store, "e", isDirectory: true), file => StreamAsync(file, "s", 100));
            await WithAsync(await NewAsync(store, @"d\a"), file => file.PutAsync(0, new byte[1000]));
            await DeleteAsync(store, "e");
        },
    };
}
