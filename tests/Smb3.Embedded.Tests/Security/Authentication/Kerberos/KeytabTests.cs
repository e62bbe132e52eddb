using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication.Kerberos;

public sealed class KeytabTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose()
    {
        File.Delete(_file);
        File.Delete(_file + ".new");
    }

    [Fact]
    public void Reads_what_ktutil_writes()
    {
        byte[] file = [5, 2, .. Entry("EXAMPLE", ["cifs", "a.example"], 3, 18, 32), .. Hole(10), .. Entry("EXAMPLE", ["x"], 300, 17, 16), .. new byte[6]];
        var entries = KeytabFormat.Read(file)!;
        Assert.Equal(
            [("EXAMPLE", "cifs/a.example", 3u, 18), ("EXAMPLE", "x", 300u, 17)],
            entries.Select(entry => (entry.Realm, entry.Principal.ToString(), entry.Version, (int)entry.Key.Profile.Type)));
    }

    [Fact]
    public void Keys_of_other_types_are_left_out_and_what_is_cut_is_none()
    {
        byte[] file = [5, 2, .. Entry("EXAMPLE", ["x"], 1, 3, 8), .. Entry("EXAMPLE", ["x"], 1, 18, 32)];
        Assert.Single(KeytabFormat.Read(file)!);
        var first = 2 + Entry("EXAMPLE", ["x"], 1, 3, 8).Length;
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Equal(length is 2 || length == first, KeytabFormat.Read(file.AsSpan(0, length)) is not null);
        }
    }

    [Fact]
    public async Task A_file_that_has_changed_is_read_anew_and_a_bad_one_leaves_the_keys()
    {
        var time = new FakeTimeProvider();
        var complaints = new List<string>();
        File.WriteAllBytes(_file, [5, 2, .. Entry("EXAMPLE", ["x"], 1, 18, 32)]);
        var keytab = new KeytabFile(_file, time, complaints.Add);
        Assert.Equal(1u, (await keytab.GetAsync()).Entries[0].Version);

        File.WriteAllBytes(_file, [5, 2, .. Entry("EXAMPLE", ["x"], 1, 18, 32), .. Entry("EXAMPLE", ["x"], 2, 18, 32)]);
        Assert.Single((await keytab.GetAsync()).Entries);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, (await keytab.GetAsync()).Entries.Count);

        File.WriteAllBytes(_file, [1, 2, 3]);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, (await keytab.GetAsync()).Entries.Count);
        Assert.Contains("is not a keytab", Assert.Single(complaints), StringComparison.Ordinal);
    }

    [LinuxFact] // a named pipe plays the file that cannot be read
    public async Task A_file_system_that_hangs_holds_up_no_logon()
    {
        var time = new FakeTimeProvider();
        File.WriteAllBytes(_file, [5, 2, .. Entry("EXAMPLE", ["x"], 1, 18, 32)]);
        var keytab = new KeytabFile(_file, time, Assert.Fail);
        File.Delete(_file);
        using (var made = Process.Start("mkfifo", _file))
        {
            await made.WaitForExitAsync();
        }

        // The first waits a moment, and nobody after that, however long it takes.
        time.Advance(TimeSpan.FromSeconds(1));
        var first = keytab.GetAsync();
        var beside = keytab.GetAsync();
        Assert.False(first.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(1u, (await first).Entries[0].Version);
        Assert.Equal(1u, (await beside).Entries[0].Version);
        for (var i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            Assert.True(keytab.GetAsync().AsTask().IsCompletedSuccessfully);
        }

        // When it answers, what it says counts, and the file that is there by then is looked at again.
        await File.WriteAllBytesAsync(_file + ".new", [5, 2, .. Entry("EXAMPLE", ["x"], 2, 18, 32)]);
        using var written = Process.Start("sh", ["-c", "exec 3>\"$0\"; mv \"$0.new\" \"$0\"; cat \"$0\" >&3", _file]);
        while ((await keytab.GetAsync()).Entries[0].Version != 2)
        {
            await Task.Delay(5);
        }
    }

    [Fact]
    public void A_keytab_without_a_usable_key_is_refused()
    {
        File.WriteAllBytes(_file, [5, 2]);
        Assert.Contains("no key of a type that can be used", Assert.Throws<IOException>(() => KeytabFile.Check(_file)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => KeytabFile.Check(_file + ".none"));
    }

    [Fact]
    public void The_keys_of_the_service_itself_come_first()
    {
        byte[] file = [5, 2, .. Entry("R", ["cifs", "b"], 2, 18, 32), .. Entry("R", ["cifs", "a"], 2, 18, 32), .. Entry("R", ["cifs", "a"], 1, 18, 32)];
        var keytab = new Keytab(KeytabFormat.Read(file)!);
        var service = new PrincipalName(2, ["CIFS", "A"]);
        Assert.Equal(["cifs/a", "cifs/b"], keytab.Find("r", service, EncryptionType.Aes256Sha1, 2).Select(entry => entry.Principal.ToString()));
        Assert.Equal([2u, 1u, 2u], keytab.Find("R", service, EncryptionType.Aes256Sha1, null).Select(entry => entry.Version));
        Assert.Single(keytab.Find("R", service, EncryptionType.Aes256Sha1, 257)); // a file with the low byte of the version alone
        Assert.Empty(keytab.Find("R", service, EncryptionType.Aes128Sha1, 2));
    }

    private static byte[] Hole(int length) => [.. Number(-length), .. new byte[length]];

    private static byte[] Entry(string realm, string[] parts, uint version, ushort type, int keySize)
    {
        byte[] entry =
        [
            .. Short((ushort)parts.Length), .. Text(realm), .. parts.SelectMany(Text), .. Number(1), .. Number(0), (byte)version,
            .. Short(type), .. Short((ushort)keySize), .. new byte[keySize], .. version > 255 ? Number((int)version) : [],
        ];
        return [.. Number(entry.Length), .. entry];
    }

    private static byte[] Text(string text) => [.. Short((ushort)text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Short(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Number(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
