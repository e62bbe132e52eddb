using System.Globalization;
using System.Text;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>What became of the requests, by command: a command that never succeeds is not tested.</summary>
internal sealed class SuccessTable
{
    private readonly SortedDictionary<Smb2Command, Row> _rows = [];

    public long Answers { get; private set; }

    public void Count(Message message, NtStatus status)
    {
        Answers++;
        if (!_rows.TryGetValue(message.Command, out var row))
        {
            _rows[message.Command] = row = new Row();
        }

        var good = status.IsSuccess() || status is NtStatus.BufferOverflow or NtStatus.NoMoreFiles
            || (status == NtStatus.MoreProcessingRequired && message.Command == Smb2Command.SessionSetup);
        row.All++;
        row.Good += good ? 1 : 0;
        row.AsBuilt += message.AsBuilt ? 1 : 0;
        row.AsBuiltGood += message.AsBuilt && good ? 1 : 0;
        row.Statuses[status] = row.Statuses.GetValueOrDefault(status) + 1;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine("command            answers  success  as built  success  most often");
        foreach (var (command, row) in _rows)
        {
            var often = row.Statuses.OrderByDescending(pair => pair.Value).Take(6)
                .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {Share(pair.Value, row.All):p0}"));
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{command,-16} {row.All,9} {Share(row.Good, row.All),8:p0} {row.AsBuilt,9} {Share(row.AsBuiltGood, row.AsBuilt),8:p0}  {string.Join(", ", often)}"));
        }

        return text.ToString();
    }

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;

    private sealed class Row
    {
        public long All { get; set; }

        public long Good { get; set; }

        public long AsBuilt { get; set; }

        public long AsBuiltGood { get; set; }

        public Dictionary<NtStatus, long> Statuses { get; } = [];
    }
}
