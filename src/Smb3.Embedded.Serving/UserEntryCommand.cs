namespace Smb3.Embedded.Serving;

/// <summary>What <c>--make-user-entry</c> does instead of serving.</summary>
internal static class UserEntryCommand
{
    /// <summary>Prints a line for a file of users, with the password that standard input has.</summary>
    /// <param name="user">NAME, or NAME:GROUP,GROUP.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string user)
    {
        var parts = user.Split(':');
        try
        {
            Console.WriteLine(SmbUsersFile.MakeEntry(
                parts[0], await Console.In.ReadLineAsync().ConfigureAwait(false), parts.Length > 1 ? parts[1].Split(',') : null));
            return 0;
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync($"--make-user-entry: {e.Message}").ConfigureAwait(false);
            return SmbStartProblem.BadSettings;
        }
    }
}
