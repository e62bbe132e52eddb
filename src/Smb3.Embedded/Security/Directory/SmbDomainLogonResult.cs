using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>What a domain says to a logon.</summary>
public sealed class SmbDomainLogonResult
{
    private SmbDomainLogonResult()
    {
    }

    /// <summary><see cref="NtStatus.Success"/>, or why the domain refuses.</summary>
    public NtStatus Status { get; private init; }

    /// <summary>Who it is.</summary>
    public SmbAccount? Account { get; private init; }

    /// <summary>The SID of the user's primary group.</summary>
    public Sid? PrimaryGroup { get; private init; }

    /// <summary>The SIDs of all groups that the user is in.</summary>
    public IReadOnlyList<Sid> Groups { get; private init; } = [];

    /// <summary>SessionBaseKey of NTLMv2, 16 bytes.</summary>
    internal byte[] SessionBaseKey { get; private init; } = [];

    /// <summary>The password is right.</summary>
    /// <param name="account">Who it is.</param>
    /// <param name="primaryGroup">The SID of the user's primary group.</param>
    /// <param name="groups">The SIDs of all groups that the user is in.</param>
    /// <param name="sessionBaseKey">SessionBaseKey of NTLMv2 (MS-NLMP 3.3.2), 16 bytes; copied.</param>
    /// <exception cref="ArgumentException">The account is no user, or the key is not 16 bytes.</exception>
    public static SmbDomainLogonResult Accept(SmbAccount account, Sid primaryGroup, IReadOnlyList<Sid> groups, ReadOnlySpan<byte> sessionBaseKey)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(primaryGroup);
        ArgumentNullException.ThrowIfNull(groups);
        if (account.Use is not (SidNameUse.User or SidNameUse.Computer) || account.Sid.Domain is null)
        {
            throw new ArgumentException("Only users and computers log on.", nameof(account));
        }

        const int KeySize = 16;
        return sessionBaseKey.Length == KeySize
            ? new() { Account = account, PrimaryGroup = primaryGroup, Groups = [.. groups], SessionBaseKey = sessionBaseKey.ToArray() }
            : throw new ArgumentException($"The key has {KeySize} bytes.", nameof(sessionBaseKey));
    }

    /// <summary>It refuses.</summary>
    /// <param name="status">
    /// Why: <see cref="NtStatus.NoSuchUser"/>, <see cref="NtStatus.WrongPassword"/>, <see cref="NtStatus.AccountDisabled"/>; anything else is told
    /// to the log.
    /// </param>
    /// <exception cref="ArgumentException">It is a success.</exception>
    public static SmbDomainLogonResult Refuse(NtStatus status) => status != NtStatus.Success
        ? new() { Status = status } : throw new ArgumentException("A refusal has a reason.", nameof(status));
}
