using Smb3.Embedded.Files.Journaling;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class AppInstanceTests
{
    /// <summary>MS-SMB2 3.3.5.9.13: a version takes over from an older one only, and who gives none from who gives none.</summary>
    [Theory]
    [InlineData(null, null, null, null, false)]
    [InlineData(1ul, 0ul, null, null, false)]
    [InlineData(null, null, 1ul, 0ul, true)]
    [InlineData(2ul, 0ul, 1ul, 9ul, false)]
    [InlineData(1ul, 9ul, 2ul, 0ul, true)]
    [InlineData(1ul, 1ul, 1ul, 1ul, true)]
    [InlineData(1ul, 2ul, 1ul, 1ul, false)]
    public void An_older_instance_is_behind(ulong? high, ulong? low, ulong? holderHigh, ulong? holderLow, bool behind) =>
        Assert.Equal(behind, new AppInstance(Guid.Empty, high, low).IsBehind(new AppInstance(Guid.Empty, holderHigh, holderLow)));
}
