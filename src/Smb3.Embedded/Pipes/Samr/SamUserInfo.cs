using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>
/// What a user can be asked about itself, by class (MS-SAMR 2.2.6.28). The server knows names, groups, and whether the user is disabled. For the rest
/// it says what is so for every user: there are no homes and scripts, and accounts and passwords do not expire; when somebody last logged on, and set a
/// password, it says as zero, which means "unknown", and not at all in the class that can leave it out.
/// </summary>
internal readonly record struct SamUserInfo(ushort Class)
{
    private const int HoursOfWeek = 7 * 24;
    private const uint NormalAccount = 0x010;
    private const uint Disabled = 0x001;
    private const uint PasswordDoesNotExpire = 0x200;
    private const uint AllLogon = SamAccess.UserReadGeneral | SamAccess.UserReadPreferences | SamAccess.UserReadLogon | SamAccess.UserReadAccount;

    private enum UserClass : ushort
    {
        General = 1,
        Preferences = 2,
        Logon = 3,
        LogonHours = 4,
        Account = 5,
        Name = 6,
        AccountName = 7,
        FullName = 8,
        PrimaryGroup = 9,
        Home = 10,
        Script = 11,
        Profile = 12,
        AdminComment = 13,
        WorkStations = 14,
        Control = 16,
        Expires = 17,
        Parameters = 20,
        All = 21,
    }

    /// <summary>USER_ACCOUNT_* (MS-SAMR 2.2.1.12).</summary>
    public static uint ControlOf(PipeUser user) => NormalAccount | PasswordDoesNotExpire | (user.IsDisabled ? Disabled : 0);

    /// <summary>Whether there is such a class, and the handle has the rights that it takes (MS-SAMR 3.1.5.5.5.1 and 3.1.5.5.5.2).</summary>
    public NtStatus Check(SamUser user)
    {
        var wanted = (UserClass)Class;
        if (!Enum.IsDefined(wanted))
        {
            // The internal classes hold passwords, and are there to set them.
            return NtStatus.InvalidInfoClass;
        }

        return wanted switch
        {
            UserClass.All => (user.Granted & AllLogon) != 0 ? NtStatus.Success : NtStatus.AccessDenied,
            UserClass.Account or UserClass.Logon => user.Demand(AllLogon),
            UserClass.Preferences => user.Demand(SamAccess.UserReadPreferences | SamAccess.UserReadGeneral),
            UserClass.LogonHours or UserClass.Home or UserClass.Script or UserClass.Profile or UserClass.WorkStations =>
                user.Demand(SamAccess.UserReadLogon),
            UserClass.Control or UserClass.Expires or UserClass.Parameters => user.Demand(SamAccess.UserReadAccount),
            _ => user.Demand(SamAccess.UserReadGeneral),
        };
    }

    /// <summary>Writes the arm of the union.</summary>
    public void Write(NdrWriter output, SamUser target, PipeUser user, uint primaryGroup)
    {
        var (name, rid) = (user.Account.Name, user.Account.Sid.Rid ?? 0);
        switch ((UserClass)Class)
        {
            case UserClass.General:
                output.WriteUnicodeStrings(name, user.FullName);
                output.WriteUInt32(primaryGroup);
                output.WriteUnicodeStrings("", "");
                output.WriteUnicodeStringBuffers(name, user.FullName);
                break;
            case UserClass.Preferences:
                output.WriteUnicodeStrings("", "");
                output.WriteUInt16(0);
                output.WriteUInt16(0);
                break;
            case UserClass.Logon:
                WriteLogon(output, user, rid, primaryGroup);
                break;
            case UserClass.LogonHours:
                WriteHours(output);
                WriteHoursBuffer(output);
                break;
            case UserClass.Account:
                WriteAccount(output, user, rid, primaryGroup);
                break;
            case UserClass.Name:
                output.WriteUnicodeStrings(name, user.FullName);
                output.WriteUnicodeStringBuffers(name, user.FullName);
                break;
            case UserClass.AccountName:
                output.WriteUnicodeString(name);
                output.WriteUnicodeStringBuffer(name);
                break;
            case UserClass.FullName:
                output.WriteUnicodeString(user.FullName);
                output.WriteUnicodeStringBuffer(user.FullName);
                break;
            case UserClass.PrimaryGroup:
                output.WriteUInt32(primaryGroup);
                break;
            case UserClass.Home:
                output.WriteUnicodeStrings("", "");
                break;
            case UserClass.Control:
                output.WriteUInt32(ControlOf(user));
                break;
            case UserClass.Expires:
                output.WriteOldLarge(SamWriting.Never);
                break;
            case UserClass.All:
                WriteAll(output, target, user, rid, primaryGroup);
                break;
            default:
                // Script, profile, comment, workstations, parameters.
                output.WriteUnicodeString("");
                break;
        }
    }

    /// <summary>SAMPR_USER_LOGON_INFORMATION (MS-SAMR 2.2.6.10).</summary>
    private static void WriteLogon(NdrWriter output, PipeUser user, uint rid, uint primaryGroup)
    {
        output.WriteUnicodeStrings(user.Account.Name, user.FullName);
        output.WriteUInt32(rid);
        output.WriteUInt32(primaryGroup);
        output.WriteUnicodeStrings("", "", "", "", "");
        output.WriteOldLarge(0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(SamWriting.Never);
        WriteHours(output);
        output.WriteUInt16(0);
        output.WriteUInt16(0);
        output.WriteUInt32(ControlOf(user));
        output.WriteUnicodeStringBuffers(user.Account.Name, user.FullName);
        WriteHoursBuffer(output);
    }

    /// <summary>SAMPR_USER_ACCOUNT_INFORMATION (MS-SAMR 2.2.6.11).</summary>
    private static void WriteAccount(NdrWriter output, PipeUser user, uint rid, uint primaryGroup)
    {
        output.WriteUnicodeStrings(user.Account.Name, user.FullName);
        output.WriteUInt32(rid);
        output.WriteUInt32(primaryGroup);
        output.WriteUnicodeStrings("", "", "", "", "", "");
        output.WriteOldLarge(0);
        output.WriteOldLarge(0);
        WriteHours(output);
        output.WriteUInt16(0);
        output.WriteUInt16(0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(SamWriting.Never);
        output.WriteUInt32(ControlOf(user));
        output.WriteUnicodeStringBuffers(user.Account.Name, user.FullName);
        WriteHoursBuffer(output);
    }

    /// <summary>SAMPR_USER_ALL_INFORMATION (MS-SAMR 2.2.6.6) with the fields that the handle may read; the password's are never there.</summary>
    private static void WriteAll(NdrWriter output, SamUser target, PipeUser user, uint rid, uint primaryGroup)
    {
        // Of USER_ALL_* (MS-SAMR 2.2.1.8), by the right that each takes. Not among them: when the user logged on and off, how often, and when the
        // password was set.
        const uint General = 0x0000003F;
        const uint Logon = 0x000327C0;
        const uint Account = 0x00380000;
        const uint Preferences = 0x00C00000;

        var fields = (target.Has(SamAccess.UserReadGeneral) ? General : 0)
            | (target.Has(SamAccess.UserReadLogon) ? Logon : 0)
            | (target.Has(SamAccess.UserReadAccount) ? Account : 0)
            | (target.Has(SamAccess.UserReadPreferences) ? Preferences : 0);
        var (hasGeneral, hasLogon, hasAccount) = ((fields & General) != 0, (fields & Logon) != 0, (fields & Account) != 0);
        var (name, fullName) = hasGeneral ? (user.Account.Name, user.FullName) : ("", "");

        // Last logon and logoff, password last set; account expires; password can and must change.
        output.WriteOldLarge(0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(hasAccount ? SamWriting.Never : 0);
        output.WriteOldLarge(0);
        output.WriteOldLarge(hasLogon ? SamWriting.Never : 0);
        output.WriteUnicodeStrings(name, fullName, "", "", "", "", "", "", "", "");

        // The hashes (two RPC_SHORT_BLOBs) and what else is private, and the security descriptor.
        output.WriteUnicodeStrings("", "", "");
        output.WriteUInt32(0);
        output.WriteNull();
        output.WriteUInt32(hasGeneral ? rid : 0);
        output.WriteUInt32(hasGeneral ? primaryGroup : 0);
        output.WriteUInt32(hasAccount ? ControlOf(user) : 0);
        output.WriteUInt32(fields);
        if (hasLogon)
        {
            WriteHours(output);
        }
        else
        {
            output.WriteUInt16(0);
            output.WriteNull();
        }

        // Bad passwords, logons, country and code page; whether there are passwords, has expired, and is private.
        output.WriteBytes(new byte[12]);
        output.WriteUnicodeStringBuffers(name, fullName);
        if (hasLogon)
        {
            WriteHoursBuffer(output);
        }
    }

    /// <summary>SAMPR_LOGON_HOURS (MS-SAMR 2.2.6.5): the hours of a week, and a pointer to a bit for each.</summary>
    private static void WriteHours(NdrWriter output)
    {
        output.Align(4);
        output.WriteUInt16(HoursOfWeek);
        output.WritePointer();
    }

    private static void WriteHoursBuffer(NdrWriter output)
    {
        const uint Room = 1260;
        output.WriteUInt32(Room);
        output.WriteUInt32(0);
        output.WriteUInt32(HoursOfWeek / 8);
        for (var i = 0; i < HoursOfWeek / 8; i++)
        {
            output.WriteByte(0xFF);
        }
    }
}
