using System.Runtime.InteropServices;
using System.Text;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Extended attributes as a program on the server's machine sets them (xattr(7)).</summary>
internal static partial class DiskAttributes
{
    public static void Set(string path, string name, params ReadOnlySpan<byte> value)
    {
        if (SetAttribute(path, name, value.ToArray(), value.Length, 0) != 0)
        {
            throw new IOException($"setxattr {name} of {path}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    public static byte[]? Get(string path, string name)
    {
        var value = new byte[65536];
        var length = GetAttribute(path, name, value, value.Length);
        return length < 0 ? null : value[..(int)length];
    }

    public static IReadOnlyList<string> List(string path)
    {
        var names = new byte[65536];
        var length = ListAttributes(path, names, names.Length);
        return length <= 0 ? [] : Encoding.UTF8.GetString(names, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetAttribute(string path, string name, byte[] value, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetAttribute(string path, string name, byte[] value, nint size);

    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ListAttributes(string path, byte[] list, nint size);
}
