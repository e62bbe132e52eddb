using System.CommandLine;

namespace Smb3.Embedded.Tool.Passwords;

/// <summary>Sets passwords in a file of users. A password comes from the terminal or from standard input, and never from the command line, which all can see.</summary>
internal static class PasswordCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The user." };
        var file = new Option<string>("--file", "-f")
        {
            HelpName = "FILE", Description = "The file of users, as `smb serve --users-file` reads it; made when it is missing. Without it, the line for it is printed.",
        };
        var groups = new Option<string[]>("--group", "-g")
        {
            HelpName = "GROUP", Description = "A group that the user is in; repeatable. Default: those that the file has.", AllowMultipleArgumentsPerToken = false,
        };
        var delete = new Option<bool>("--delete") { Description = "Remove the user from the file." };
        var command = new Command("passwd", "Set the password of a user in a file of users.") { name, file, groups, delete };
        command.Validators.Add(result =>
        {
            if (result.GetValue(delete) && result.GetValue(file) is null)
            {
                result.AddError("--delete needs --file.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(name)!, parsed.GetValue(file), parsed.GetValue(groups), parsed.GetValue(delete), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string name, string? file, string[]? groups, bool delete, CancellationToken cancellationToken)
    {
        try
        {
            if (delete)
            {
                UsersFileEditor.Change(file!, text => UsersText.Remove(text, name)
                    ?? throw new InvalidDataException($"There is no user '{name}' in {file}."));
                return 0;
            }

            SmbUsersFile.MakeEntry(name, "x", groups); // before anybody types a password for a name that cannot be
            if (await AskAsync(name, cancellationToken).ConfigureAwait(false) is not { } password)
            {
                await Console.Error.WriteLineAsync("The passwords differ; nothing was changed.").ConfigureAwait(false);
                return SmbStartProblem.CannotStart;
            }

            var entry = SmbUsersFile.MakeEntry(name, password, groups);
            if (file is null)
            {
                Console.WriteLine(entry);
            }
            else
            {
                UsersFileEditor.Change(file, text => UsersText.Set(text, entry, keepsGroups: groups is not { Length: > 0 }));
            }

            return 0;
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return SmbStartProblem.BadSettings;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return SmbStartProblem.CannotStart;
        }
    }

    /// <summary>The password, which is typed twice where nobody sees it. Null: they differ.</summary>
    private static async Task<string?> AskAsync(string name, CancellationToken cancellationToken)
    {
        var first = await PasswordPrompt.AskAsync($"Password of {name}:", cancellationToken).ConfigureAwait(false);
        return Console.IsInputRedirected || first == await PasswordPrompt.AskAsync("Once more:", cancellationToken).ConfigureAwait(false) ? first : null;
    }
}
