using System.Text;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// Code page 850: ASCII, and 128 characters more. A table of its own, because the one of the framework comes with a megabyte of the code pages of the
/// rest of the world, which a program compiled ahead of time would have to carry. What the code page lacks becomes a question mark, one for each unit of UTF-16.
/// </summary>
internal sealed class OemEncoding : Encoding
{
    private const int AsciiLength = 128;

    /// <summary>What the bytes from 0x80 on mean.</summary>
    private const string Upper =
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ" +
        "áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐" +
        "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀" +
        "ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶\u00A7÷¸°¨·¹³²■\u00A0";

    public OemEncoding()
        : base(850)
    {
    }

    public override string EncodingName => "Code page 850";

    public override bool IsSingleByte => true;

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)
    {
        var target = bytes.AsSpan(byteIndex, charCount);
        for (var i = 0; i < charCount; i++)
        {
            target[i] = ToByte(chars[charIndex + i]);
        }

        return charCount;
    }

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var target = chars.AsSpan(charIndex, byteCount);
        for (var i = 0; i < byteCount; i++)
        {
            var code = bytes[byteIndex + i];
            target[i] = code < AsciiLength ? (char)code : Upper[code - AsciiLength];
        }

        return byteCount;
    }

    private static byte ToByte(char character) => character < AsciiLength ? (byte)character
        : Upper.IndexOf(character, StringComparison.Ordinal) is >= 0 and var place ? (byte)(AsciiLength + place) : (byte)'?';
}
