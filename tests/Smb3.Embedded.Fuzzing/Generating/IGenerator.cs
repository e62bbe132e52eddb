using Smb3.Embedded.Fuzzing.Cases;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>Makes valid requests of one kind out of the live state.</summary>
internal interface IGenerator
{
    /// <summary>How often it is asked, beside the others.</summary>
    int Weight { get; }

    /// <summary>The next request; null when the state has not what it takes.</summary>
    Message? Next();
}
