using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Commands.Negotiate;

/// <summary>Which dialect the server speaks with a client (MS-SMB2 3.3.5.4): the highest that both have.</summary>
internal static class DialectChoice
{
    private static readonly Smb2Dialect[] HighestFirst =
        [Smb2Dialect.Smb311, Smb2Dialect.Smb302, Smb2Dialect.Smb300, Smb2Dialect.Smb210, Smb2Dialect.Smb202];

    public static Smb2Dialect Choose(in NegotiateRequest request, ServerSettings settings)
    {
        foreach (var dialect in HighestFirst)
        {
            if (IsServed(dialect, settings) && request.Offers(dialect))
            {
                return dialect;
            }
        }

        return Smb2Dialect.None;
    }

    /// <summary>The same choice for FSCTL_VALIDATE_NEGOTIATE_INFO, which must come to the same result (MS-SMB2 3.3.5.15.12).</summary>
    public static Smb2Dialect Choose(in ValidateNegotiateInfo info, ServerSettings settings)
    {
        foreach (var dialect in HighestFirst)
        {
            for (var i = 0; i < info.DialectCount; i++)
            {
                if (info.Dialect(i) == dialect && IsServed(dialect, settings))
                {
                    return dialect;
                }
            }
        }

        return Smb2Dialect.None;
    }

    public static bool IsServed(Smb2Dialect dialect, ServerSettings settings) =>
        dialect >= settings.MinDialect && dialect <= settings.MaxDialect;
}
