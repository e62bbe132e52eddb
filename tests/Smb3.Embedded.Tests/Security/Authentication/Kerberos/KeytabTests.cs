using System.Buffers.Binary;
using System.Text;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication.Kerberos;

public sealed class KeytabTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

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
    public void A_file_that_has_changed_is_read_anew_and_a_bad_one_leaves_the_keys()
    {
        var time = new SteppedTime();
        var complaints = new List<string>();
        File.WriteAllBytes(_file, [5, 2, .. Entry("EXAMPLE", ["x"], 1, 18, 32)]);
        var keytab = new KeytabFile(_file, time, complaints.Add);
        Assert.Equal(1u, keytab.Current.Entries[0].Version);

        File.WriteAllBytes(_file, [5, 2, .. Entry("EXAMPLE", ["x"], 1, 18, 32), .. Entry("EXAMPLE", ["x"], 2, 18, 32)]);
        Assert.Single(keytab.Current.Entries);
        time.Step(TimeSpan.FromSeconds(2));
        Assert.Equal(2, keytab.Current.Entries.Count);

        File.WriteAllBytes(_file, [1, 2, 3]);
        time.Step(TimeSpan.FromSeconds(2));
        Assert.Equal(2, keytab.Current.Entries.Count);
        Assert.Contains("is not a keytab", Assert.Single(complaints), StringComparison.Ordinal);
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

    private sealed class SteppedTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Step(TimeSpan by) => _now += by.Ticks;
    }
}
