using Smb3.Embedded.Control.Protocol;

namespace Smb3.Embedded.Tool.Controlling;

/// <summary>What the tool ends with.</summary>
internal static class ExitCodes
{
    /// <summary>1 when something that was to be ended was not there.</summary>
    public static int Of(IReadOnlyList<ControlRow> rows) => rows.Any(static row => row is ControlEnded { Count: 0 }) ? SmbStartProblem.CannotStart : 0;
}
