using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>NTLM whose logons are good for a while only, as those with a ticket are.</summary>
internal sealed class ExpiringMechanism(IGssMechanism inner, TimeProvider time, TimeSpan lifetime) : IGssMechanism
{
    public string Name => inner.Name;

    public IReadOnlyList<ReadOnlyMemory<byte>> Oids => inner.Oids;

    public bool IsInitialToken(ReadOnlySpan<byte> token) => inner.IsInitialToken(token);

    public IGssContext Begin(LogonPeer? peer) => new Context(inner.Begin(peer), time, lifetime);

    private sealed class Context(IGssContext inner, TimeProvider time, TimeSpan lifetime) : IGssContext
    {
        public ReadOnlySpan<byte> SessionKey => inner.SessionKey;

        public string? Service => inner.Service;

        public async ValueTask<GssStep> AcceptAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
        {
            var step = await inner.AcceptAsync(token, cancellationToken);
            return step.Token is not { } made ? step : step with
            {
                Token = new SecurityToken
                {
                    Identity = made.Identity,
                    Authorization = made.Authorization,
                    Mechanism = made.Mechanism,
                    AccountDomain = made.AccountDomain,
                    IsSidFromName = made.IsSidFromName,
                    Expiry = time.GetUtcNow() + lifetime,
                },
            };
        }

        public byte[] GetMic(ReadOnlySpan<byte> message) => inner.GetMic(message);

        public bool VerifyMic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic) => inner.VerifyMic(message, mic);

        public IMessageProtection ProtectMessages() => inner.ProtectMessages();

        public void Dispose() => inner.Dispose();
    }
}
