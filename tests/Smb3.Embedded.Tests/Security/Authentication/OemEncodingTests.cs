using System.Text;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication;

public class OemEncodingTests
{
    private static readonly Encoding Known =
        CodePagesEncodingProvider.Instance.GetEncoding(850, new EncoderReplacementFallback("?"), DecoderFallback.ReplacementFallback)!;

    [Fact]
    public void EveryByteMeansWhatTheFrameworkKnowsOfTheCodePage()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(static code => (byte)code)];
        var text = new OemEncoding().GetString(all);
        Assert.Equal(Known.GetString(all), text);
        Assert.Equal(all, new OemEncoding().GetBytes(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("FILES-1")]
    [InlineData("MÜLLÉR")]
    [InlineData("Ω€x")]
    public void NamesAreWrittenAsTheFrameworkWritesThem(string name) => Assert.Equal(Known.GetBytes(name), new OemEncoding().GetBytes(name));
}
