using Smb3.Embedded.TestPeers;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>A test that needs PostgreSQL. Without it, it is reported as not run; where everything must run (CI=true), that is a failure.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgreSqlFactAttribute : FactAttribute
{
    public PostgreSqlFactAttribute()
    {
        if (PostgreSqlServer.FindPrograms() is null && !MustRun)
        {
            Skip = PostgreSqlServer.Missing;
        }
    }

    public static bool MustRun => Environment.GetEnvironmentVariable("CI") is "true" or "True" or "TRUE" or "1";
}
