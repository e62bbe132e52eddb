using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Tests.Security.Authentication;

/// <summary>A mechanism that looks like Kerberos from outside, and wants the tokens "1", "2" … in that order.</summary>
internal sealed class ScriptedMechanism(int legs) : IGssMechanism
{
    public static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(static i => (byte)i)];

    public string Name => "Kerberos";

    public IReadOnlyList<ReadOnlyMemory<byte>> Oids { get; } = [GssOid.MsKerberos.ToArray(), GssOid.Kerberos.ToArray()];

    public bool IsInitialToken(ReadOnlySpan<byte> token) => false;

    public IGssContext Begin(LogonPeer? peer) => new Context(legs);

    /// <summary>The MIC of either side.</summary>
    public static byte[] Mic(bool fromServer, ReadOnlySpan<byte> message) => [fromServer ? (byte)'S' : (byte)'C', (byte)message.Length, message[^1]];

    private sealed class Context(int legs) : IGssContext
    {
        private int _leg;

        public ReadOnlySpan<byte> SessionKey => Key;

        public string? Service => null;

        public ValueTask<GssStep> AcceptAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
        {
            _leg++;
            var answer = Encoding.ASCII.GetBytes($"answer {_leg}");
            return new(
                !token.Span.SequenceEqual(Encoding.ASCII.GetBytes($"{_leg}")) ? GssStep.Fail(AuthenticationFailure.BadToken)
                : _leg < legs ? GssStep.Continue(answer)
                : GssStep.Complete(NewToken(), answer));
        }

        public byte[] GetMic(ReadOnlySpan<byte> message) => Mic(fromServer: true, message);

        public bool VerifyMic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic) => mic.SequenceEqual(Mic(fromServer: false, message));

        public IMessageProtection ProtectMessages() => throw new NotSupportedException();

        public void Dispose()
        {
        }

        private static SecurityToken NewToken() => new()
        {
            Identity = new SmbIdentity { UserName = "alice", DomainName = "EXAMPLE" },
            Authorization = AuthorizationContext.ForAccount(new Sid(5, 21, 1, 2, 3, 1001), WellKnownSids.Users),
            Mechanism = "Kerberos",
        };
    }
}
