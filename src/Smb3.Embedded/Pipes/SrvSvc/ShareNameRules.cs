using System.Buffers;
using Smb3.Embedded.Pipes.NetApi;

namespace Smb3.Embedded.Pipes.SrvSvc;

/// <summary>Which names NetrNameValidate accepts (MS-SRVS 3.1.4.29).</summary>
internal static class ShareNameRules
{
    private const uint NameTypeComputer = 4;
    private const uint NameTypeShare = 9;
    private const uint NameTypeWorkgroup = 13;
    private static readonly SearchValues<char> Reserved = SearchValues.Create("\"/\\[]:|<>+=;,*?");

    /// <summary>Success, or ERROR_INVALID_NAME; ERROR_INVALID_PARAMETER for a type of name that does not exist.</summary>
    public static NetApiStatus Check(string name, uint nameType)
    {
        if (nameType is 0 or > NameTypeWorkgroup)
        {
            return NetApiStatus.InvalidParameter;
        }

        var longest = nameType switch
        {
            NameTypeComputer or NameTypeWorkgroup => 15,
            NameTypeShare => 80,
            _ => 256,
        };
        var isGood = name.Length is > 0 && name.Length <= longest && !name.AsSpan().ContainsAny(Reserved) && !name.Any(char.IsControl);
        return isGood ? NetApiStatus.Success : NetApiStatus.InvalidName;
    }
}
