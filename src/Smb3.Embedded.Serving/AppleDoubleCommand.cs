using System.Diagnostics;
using Smb3.Embedded.Storage.Apple;
using Smb3.Embedded.Storage.Physical;

namespace Smb3.Embedded.Serving;

/// <summary>What <c>--convert-appledouble</c> does instead of serving.</summary>
internal static class AppleDoubleCommand
{
    private static readonly TimeSpan BetweenSignsOfLife = TimeSpan.FromSeconds(2);

    /// <summary>Converts a folder, and says what stays, and why.</summary>
    /// <returns>The exit code, which is not 0 when something could not be done.</returns>
    public static async Task<int> RunAsync(string folder)
    {
        try
        {
            return await ConvertAsync(folder).ConfigureAwait(false) ? 0 : SmbStartProblem.CannotStart;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            await Console.Error.WriteLineAsync($"--convert-appledouble: {e.Message}").ConfigureAwait(false);
            return SmbStartProblem.CannotStart;
        }
    }

    private static async Task<bool> ConvertAsync(string folder)
    {
        using var store = new PhysicalFileStore(folder);
        var counts = new int[Enum.GetValues<AppleDoubleResult>().Length];
        var shown = Stopwatch.StartNew();
        await foreach (var file in AppleDouble.ConvertAsync(store).ConfigureAwait(false))
        {
            counts[(int)file.Result]++;
            if (Reason(file) is { } reason)
            {
                await Console.Error.WriteLineAsync($"{Path.Join(folder, file.Path.Text.Replace('\\', '/'))}: {reason}").ConfigureAwait(false);
            }

            if (shown.Elapsed > BetweenSignsOfLife)
            {
                await Console.Error.WriteLineAsync($"{counts.Sum()} files ...").ConfigureAwait(false);
                shown.Restart();
            }
        }

        var converted = counts[(int)AppleDoubleResult.Converted];
        Console.WriteLine($"{converted} converted, {counts.Sum() - converted} left as they are");
        return counts[(int)AppleDoubleResult.Failed] == 0;
    }

    private static string? Reason(AppleDoubleOutcome file) => file.Result switch
    {
        AppleDoubleResult.NotAppleDouble => "left: not an AppleDouble file, or a damaged one",
        AppleDoubleResult.Orphan => "left: there is no file that it belongs to",
        AppleDoubleResult.OtherOwner => "left: it has another owner than the file that it belongs to",
        AppleDoubleResult.Differs => "left: the file that it belongs to has other Finder info, fork or attributes already",
        AppleDoubleResult.Failed => $"failed: {file.Status}",
        _ => null,
    };
}
