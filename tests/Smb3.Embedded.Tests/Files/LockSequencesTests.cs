using Smb3.Embedded.Files.Locking;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class LockSequencesTests
{
    [Fact]
    public void A_number_is_known_only_when_its_request_succeeded()
    {
        var sequences = new LockSequences();
        Assert.False(sequences.WasDone(1, 5));
        sequences.Done(1, 5);
        Assert.True(sequences.WasDone(1, 5));
        Assert.False(sequences.WasDone(2, 5));
    }

    [Fact]
    public void Another_number_empties_its_place_until_it_has_succeeded()
    {
        var sequences = new LockSequences();
        sequences.Done(64, 5);
        Assert.False(sequences.WasDone(64, 6));
        Assert.False(sequences.WasDone(64, 5));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(65u)]
    [InlineData(0x0FFFFFFFu)]
    public void Indexes_outside_the_array_are_never_known(uint index)
    {
        var sequences = new LockSequences();
        sequences.Done(index, 1);
        Assert.False(sequences.WasDone(index, 1));
    }

    [Fact]
    public void They_survive_as_bytes()
    {
        var sequences = new LockSequences();
        sequences.Done(3, 0);
        sequences.Done(64, 15);
        var again = new LockSequences(sequences.ToArray());
        Assert.True(again.WasDone(3, 0));
        Assert.True(again.WasDone(64, 15));
        Assert.False(again.WasDone(4, 0));
    }
}
