using Spectre.Console;

namespace Smb3.Embedded.Tool.Output;

/// <summary>A table for people: as wide as the terminal, or as it needs where nobody looks; coloured where somebody does, unless NO_COLOR is set.</summary>
internal sealed class Sheet
{
    /// <summary>Where nobody looks, a line is a row however long a path is.</summary>
    private const int Endless = 100_000;

    private readonly Table _table = new Table().NoBorder().HideFooters();

    public Sheet(params ReadOnlySpan<string> columns)
    {
        foreach (var column in columns)
        {
            // A column with < in front has numbers.
            var isNumber = column[0] == '<';
            _table.AddColumn(new TableColumn($"[bold]{Markup.Escape(isNumber ? column[1..] : column)}[/]")
            {
                Alignment = isNumber ? Justify.Right : Justify.Left, NoWrap = column is not "PATH", Padding = new Padding(0, 0, 2, 0),
            });
        }
    }

    public void Add(params ReadOnlySpan<string> cells)
    {
        var row = new Text[cells.Length];
        for (var i = 0; i < cells.Length; i++)
        {
            row[i] = new Text(VisibleText.Of(cells[i]));
        }

        _table.AddRow(row);
    }

    public bool IsEmpty => _table.Rows.Count == 0;

    public void Print()
    {
        if (IsEmpty)
        {
            return;
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = Endless;
        }

        AnsiConsole.Write(_table);
    }
}
