using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>Extended attributes of an open file (xattr(7)). Names are disk names and end with a zero byte.</summary>
internal static unsafe class AttributeCalls
{
    private const int UsualSize = 512;

    /// <summary>The prefix of the attributes that any user may set.</summary>
    public static ReadOnlySpan<byte> UserPrefix => "user."u8;

    /// <summary>The prefix of the store's own attributes.</summary>
    public static ReadOnlySpan<byte> OwnPrefix => "user.smb3."u8;

    /// <summary>Reads a value.</summary>
    public static Errno Get(FileDescriptor file, ReadOnlySpan<byte> nameWithZero, out byte[] value)
    {
        if (!file.IsPlace)
        {
            var error = Get(new AttributeSource(file), nameWithZero, out value);
            if (!file.IsPlace)
            {
                return error;
            }
        }

        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        {
            return Get(new AttributeSource(text, follow: true), nameWithZero, out value);
        }
    }

    /// <summary>The length of a value; negative when there is none.</summary>
    public static long LengthOf(FileDescriptor file, ReadOnlySpan<byte> nameWithZero)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        fixed (byte* name = nameWithZero)
        {
            return Native.GetAttribute(text, name, null, 0);
        }
    }

    /// <summary>Creates an attribute or replaces its value, in one step.</summary>
    public static Errno Set(FileDescriptor file, ReadOnlySpan<byte> nameWithZero, ReadOnlySpan<byte> value)
    {
        if (!file.IsPlace)
        {
            fixed (byte* name = nameWithZero)
            fixed (byte* bytes = value)
            {
                if (Native.SetAttributeOf(file, name, bytes, value.Length, 0) == 0)
                {
                    return 0;
                }
            }

            if (Native.LastError is var error && error != Errno.BadDescriptor)
            {
                return error;
            }
        }

        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        fixed (byte* name = nameWithZero)
        fixed (byte* bytes = value)
        {
            return Native.SetAttribute(text, name, bytes, value.Length, 0) == 0 ? 0 : Native.LastError;
        }
    }

    /// <summary>Removes an attribute.</summary>
    public static Errno Remove(FileDescriptor file, ReadOnlySpan<byte> nameWithZero)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        fixed (byte* name = nameWithZero)
        {
            return Native.RemoveAttribute(text, name) == 0 ? 0 : Native.LastError;
        }
    }

    /// <summary>The names of all attributes, each with its terminating zero.</summary>
    public static Errno List(FileDescriptor file, out byte[] names)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        {
            while (true)
            {
                names = [];
                var size = Native.ListAttributes(text, null, 0);
                if (size == 0)
                {
                    return 0;
                }

                if (size > 0)
                {
                    names = new byte[size];
                    fixed (byte* bytes = names)
                    {
                        size = Native.ListAttributes(text, bytes, names.Length);
                    }

                    if (size >= 0)
                    {
                        names = names[..(int)size];
                        return 0;
                    }
                }

                var error = Native.LastError;
                if (error != Errno.Range)
                {
                    return error;
                }
            }
        }
    }

    private static Errno Get(AttributeSource source, ReadOnlySpan<byte> nameWithZero, out byte[] value)
    {
        var usual = stackalloc byte[UsualSize];
        fixed (byte* name = nameWithZero)
        {
            var size = source.Get(name, usual, UsualSize);
            if (size >= 0)
            {
                value = new ReadOnlySpan<byte>(usual, (int)size).ToArray();
                return 0;
            }

            while (true)
            {
                value = [];
                var error = Native.LastError;
                if (error != Errno.Range) // the value is larger, or grew between two calls
                {
                    return error;
                }

                size = source.Get(name, null, 0);
                if (size == 0)
                {
                    return 0;
                }

                if (size > 0)
                {
                    value = new byte[size];
                    fixed (byte* bytes = value)
                    {
                        size = source.Get(name, bytes, value.Length);
                    }

                    if (size >= 0)
                    {
                        if (size < value.Length)
                        {
                            value = value[..(int)size];
                        }

                        return 0;
                    }
                }
            }
        }
    }
}
