using System.CommandLine;

namespace Smb3.Embedded.Tool;

/// <summary>
/// What a shell has to run so that it completes the tool's words. It asks the tool itself, by the directive <c>[suggest]</c> of System.CommandLine.
/// </summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _smb() {
          local words=${COMP_LINE:0:COMP_POINT}
          mapfile -t COMPREPLY < <(compgen -W "$("$1" "[suggest:${#words}]" "$words" 2>/dev/null)" -- "$2")
        }
        complete -o default -F _smb smb
        """;

    private const string Zsh = """
        _smb() {
          local -a found
          found=("${(@f)$(${words[1]} "[suggest:${#BUFFER}]" "$BUFFER" 2>/dev/null)}")
          compadd -a found || _files
        }
        compdef _smb smb
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName smb -ScriptBlock {
            param($word, $tree, $position)
            smb "[suggest:$position]" "$tree" 2>$null | Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
        }
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "pwsh");
        var command = new Command("completion", "Print what makes a shell complete this tool's words: eval \"$(smb completion bash)\".") { shell };
        command.SetAction(parsed => Console.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => PowerShell }));
        return command;
    }
}
