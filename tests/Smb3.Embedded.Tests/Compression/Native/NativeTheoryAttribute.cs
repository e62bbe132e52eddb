using Xunit;

namespace Smb3.Embedded.Tests.Compression.Native;

/// <summary>A test beside a library of the system. Without it, it is reported as not run; where everything must run (CI=true), that is a failure.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeTheoryAttribute : TheoryAttribute
{
    public NativeTheoryAttribute(string library)
    {
        if (Environment.GetEnvironmentVariable("CI") is not ("true" or "True" or "TRUE" or "1") || !OperatingSystem.IsLinux())
        {
            Skip = Find(library).Missing;
        }
    }

    /// <summary>The library of a name.</summary>
    public static NativeCodec Find(string library) => library switch
    {
        "wimlib" => NativeCodec.Wimlib,
        "libfwnt" => NativeCodec.Libfwnt,
        _ => NativeCodec.Lz4,
    };
}
