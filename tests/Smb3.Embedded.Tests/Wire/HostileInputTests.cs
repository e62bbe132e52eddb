using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Wire;

/// <summary>Nothing that a peer sends can make a getter read out of bounds: it does not parse, or all of it can be read.</summary>
public sealed class HostileInputTests
{
    public static TheoryData<string> Samples => new(RequestSample.All().Select(sample => sample.Name));

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_as_built_by_the_client_parses(string name)
    {
        var sample = RequestSample.Named(name);

        Assert.True(sample.TryReadAll(sample.Bytes));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_truncation_fails_or_is_readable(string name)
    {
        var sample = RequestSample.Named(name);

        for (var length = 0; length < sample.Bytes.Length; length++)
        {
            sample.TryReadAll(sample.Bytes[..length]);
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_single_bit_flip_fails_or_is_readable(string name)
    {
        var sample = RequestSample.Named(name);
        var bytes = (byte[])sample.Bytes.Clone();

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            sample.TryReadAll(bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_field_at_its_extremes_fails_or_is_readable(string name)
    {
        var sample = RequestSample.Named(name);

        for (var at = 0; at < sample.Bytes.Length; at++)
        {
            foreach (var value in new uint[] { 0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF8, (uint)sample.Bytes.Length })
            {
                foreach (var width in new[] { 2, 4 })
                {
                    var bytes = (byte[])sample.Bytes.Clone();
                    BitConverter.GetBytes(value).AsSpan(0, Math.Min(width, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                    sample.TryReadAll(bytes);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Random_damage_fails_or_is_readable(string name)
    {
        var sample = RequestSample.Named(name);
        var random = new Random(name.Length);

        for (var round = 0; round < 2000; round++)
        {
            var bytes = (byte[])sample.Bytes.Clone();
            for (var i = random.Next(1, 8); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            sample.TryReadAll(bytes[..random.Next(bytes.Length + 1)]);
        }
    }

    [Fact]
    public void Empty_message_is_no_header() => Assert.False(Smb2Header.TryParse([], out _));
}
