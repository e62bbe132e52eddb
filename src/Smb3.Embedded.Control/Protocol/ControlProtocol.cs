namespace Smb3.Embedded.Control.Protocol;

/// <summary>
/// What goes over the socket: lines of JSON in UTF-8. The client sends one, a <see cref="ControlRequest"/>; the server answers with any number of
/// rows (<see cref="ControlRow"/>), and a <see cref="ControlEnd"/>, without which the answer is not whole. Then the connection ends.
/// </summary>
internal static class ControlProtocol
{
    /// <summary>A server refuses requests of a version that it does not know; rows and members that are added later do not change it.</summary>
    public const int Version = 1;

    /// <summary>The longest request in bytes.</summary>
    public const int MaxRequest = 64 * 1024;

    /// <summary>The longest row in bytes: a path has up to 32,767 characters, each of which may be escaped as <c>\uXXXX</c>.</summary>
    public const int MaxRow = 512 * 1024;

    public const string Status = "status";
    public const string Sessions = "sessions";
    public const string Files = "files";
    public const string End = "end";
    public const string Cluster = "cluster";
    public const string Move = "move";
    public const string Drain = "drain";
    public const string Resume = "resume";
    public const string Fence = "fence";
    public const string Unfence = "unfence";

    /// <summary>In front of the number of a session, so that nobody ends a file that has the same.</summary>
    public const char SessionMark = 's';

    /// <summary>In front of the number of an open file.</summary>
    public const char FileMark = 'f';
}
