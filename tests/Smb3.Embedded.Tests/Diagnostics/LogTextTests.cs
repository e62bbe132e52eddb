using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Tests.Protocol;
using Xunit;

namespace Smb3.Embedded.Tests.Diagnostics;

public class LogTextTests
{
    /// <summary>Words of the server's own: no client chooses what is in them.</summary>
    private static readonly string[] OwnWords =
    [
        "reason", "status", "command", "dialect", "hook", "what", "mechanism", "mechanisms", "offered", "minDialect", "maxDialect",
        "highest", "shortage", "problem", "setting", "companion",
    ];

    private static readonly string[] Hostile =
    [
        "a\r\nwarn: forged line", "\u001b[2J\u001b[31mred", "bell\a\b\b\b", "\u202Egnp.exe", "\u2066hidden\u2069", "zero\u200Bwidth",
        "line\u2028separator\u2029", "c1\u0085\u009b31m", "half\uD800", "nul\0nul", "tab\t", "private\uE000", "tag\U000E0041", new('x', 100_000),
        "enclosing\u20DD", "nbsp\u00A0",
    ];

    [Theory]
    [InlineData("alice", "alice")]
    [InlineData(@"DOMAIN\alice", @"DOMAIN\alice")]
    [InlineData("Jürgen.O_Neil-2@corp", "Jürgen.O_Neil-2@corp")]
    [InlineData("数据$", "数据$")]
    [InlineData("two words", "\"two words\"")]
    [InlineData("a\"b", "\"a\\\"b\"")]
    [InlineData("a b\\c", "\"a b\\\\c\"")]
    [InlineData("a\nb", "\"a\\u000Ab\"")]
    [InlineData("\u202Eevil", "\"\\u202Eevil\"")]
    [InlineData("😀", "\"😀\"")]
    [InlineData("(anonymous)", "\"(anonymous)\"")]
    [InlineData("", "\"\"")]
    [InlineData(null, "\"\"")]
    public void PlainNamesStayAndAllElseIsQuoted(string? text, string expected) => Assert.Equal(expected, new LogText(text).ToString());

    [Fact]
    public void WordsOfTheServersOwnAreNotTakenForNames() => Assert.Equal("(anonymous)", LogText.Ours("(anonymous)").ToString());

    [Fact]
    public void LongTextIsCutAndSaysSo()
    {
        var text = new LogText(new string('x', 100_000)).ToString();
        Assert.True(text.Length < LogText.MaxLength + 50);
        Assert.EndsWith("(100000 characters)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void NoMessageTakesTextOfAClientAsItCame()
    {
        foreach (var message in Messages())
        {
            foreach (var parameter in message.GetParameters())
            {
                Assert.False(
                    parameter.ParameterType == typeof(string) && !OwnWords.Contains(parameter.Name),
                    $"{message.Name}: {parameter.Name} is a string. Make it a LogText, or name it here if no client has a hand in it.");
                Assert.NotEqual(typeof(object), parameter.ParameterType);
            }
        }
    }

    [Fact]
    public void NothingThatAClientChoosesBreaksALine()
    {
        var walked = 0;
        foreach (var message in Messages().Where(m => m.GetParameters().Any(p => p.ParameterType == typeof(LogText))))
        {
            foreach (var hostile in Hostile)
            {
                var log = new RecordingLogger();
                message.Invoke(null, [.. message.GetParameters().Select(parameter => Sample(parameter, log, hostile))]);
                var text = Assert.Single(log.Entries).Text;
                Assert.True(text.Length < 3_000, message.Name);
                Assert.All(text.EnumerateRunes(), rune => Assert.True(IsHarmless(rune), $"{message.Name} lets U+{rune.Value:X4} through."));
                Assert.DoesNotContain("\uFFFD", text, StringComparison.Ordinal);
            }

            walked++;
        }

        Assert.True(walked > 10);
    }

    [Fact]
    public void EventIdsAreUniqueAndStay()
    {
        var messages = Messages().ToDictionary(message => message.GetCustomAttribute<LoggerMessageAttribute>()!.EventId, message => message.Name);

        // Whoever filters by these ids relies on them: a new message gets a new one, and none is moved.
        Assert.Equal(
            (nameof(ServerLog.Listening), nameof(RefusalMessages.ProtocolViolation), nameof(ServerLog.LoggedOn)),
            (messages[1], messages[13], messages[20]));
        Assert.Equal(
            (nameof(RefusalMessages.WrongPassword), nameof(RefusalMessages.Throttled), nameof(RefusalMessages.WrongSignature)),
            (messages[100], messages[106], messages[130]));
        Assert.Equal(
            (nameof(RefusalMessages.ShareForbidden), nameof(RefusalMessages.UnknownShare), nameof(RefusalMessages.NotSmb)),
            (messages[31], messages[140], messages[123]));
        Assert.DoesNotContain(21, messages.Keys);
    }

    private static IEnumerable<MethodInfo> Messages() =>
        from type in typeof(ServerLog).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where method.GetCustomAttribute<LoggerMessageAttribute>() is not null
        select method;

    private static object? Sample(ParameterInfo parameter, ILogger log, string hostile) =>
        parameter.ParameterType == typeof(ILogger) ? log
        : parameter.ParameterType == typeof(LogText) ? new LogText(hostile)
        : parameter.ParameterType == typeof(string) ? "word"
        : parameter.ParameterType == typeof(EndPoint) || parameter.ParameterType == typeof(IPEndPoint) ? new IPEndPoint(IPAddress.Loopback, 1)
        : parameter.ParameterType == typeof(IPAddress) ? IPAddress.Loopback
        : parameter.ParameterType.IsAssignableTo(typeof(Exception)) ? null
        : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType)
        : null;

    private static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
        or UnicodeCategory.EnclosingMark);
}
