using Xunit;

namespace Smb3.Embedded.Tests;

/// <summary>A test that mounts file systems or sets flags of files, which on Linux takes root. Elsewhere it is reported as not run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Skip = "Needs Linux and root, for mounts and the flags of files.";
        }
    }
}
