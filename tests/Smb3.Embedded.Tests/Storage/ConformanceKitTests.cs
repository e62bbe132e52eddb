using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Smb3.Embedded.StoreConformance;
using Xunit;
using Xunit.Sdk;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>
/// The kit for xunit v3 is compiled from the files of that for v2. What compiles may still not be found by a runner, so a program with stores
/// that derive from it is started.
/// </summary>
public sealed partial class ConformanceKitTests
{
    [Fact]
    public async Task With_xunit_v3_every_test_of_the_kit_is_found_and_passes()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var program = Path.Join(
            Repository.Root, "tests", "Smb3.Embedded.XunitV3", "bin", configuration, new DirectoryInfo(AppContext.BaseDirectory).Name, "Smb3.Embedded.XunitV3.dll");
        Assert.True(File.Exists(program), $"{program} is not built.");
        using var run = Process.Start(new ProcessStartInfo("dotnet", [program, "-noLogo", "-noColor"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var told = run.StandardOutput.ReadToEndAsync();
        var complaints = run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        var output = await told + await complaints;
        Assert.True(run.ExitCode == 0, output);
        var total = Total().Match(output);
        Assert.True(total.Success, output);
        var expected = (2 * TestsOf(typeof(FileStoreConformance))) + TestsOf(typeof(NamedStreamPromises));
        Assert.True(expected > 100, $"Only {expected} tests in the kit.");
        Assert.Equal(expected, int.Parse(total.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static int TestsOf(Type kit) => kit.GetMethods().Where(static method => method.GetCustomAttribute<FactAttribute>() is not null)
        .Sum(static method => Math.Max(1, method.GetCustomAttributes<DataAttribute>().Sum(rows => rows.GetData(method).Count())));

    [GeneratedRegex(@"Total: (\d+), Errors: 0, Failed: 0, Skipped: 0")]
    private static partial Regex Total();
}
