using System.Collections.Concurrent;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient;

/// <summary>A session of the client, on the connection that it was set up on and on those that it was bound to.</summary>
internal sealed class SmbTestSession(SmbTestConnection connection)
{
    private readonly ConcurrentDictionary<SmbTestConnection, MessageSigner> _signers = new();
    private readonly ConcurrentDictionary<uint, bool> _encryptedTrees = new();

    /// <summary>The connection that requests go through, unless a test says another.</summary>
    public SmbTestConnection Connection { get; } = connection;

    public ulong SessionId { get; private set; }

    public Smb2SessionFlags Flags { get; private set; }

    public SessionKeys? Keys { get; private set; }

    public MessageSealer? Sealer { get; private set; }

    /// <summary>Whether requests are signed; on after a logon with a key, and a test may turn it off.</summary>
    public bool Signs { get; set; }

    /// <summary>Whether requests are encrypted; on when the server asks for it, and a test may turn it on or off.</summary>
    public bool EncryptsAll { get; set; }

    /// <summary>The response that ended the last logon, for tests.</summary>
    public SmbTestResponse? LastSetup { get; private set; }

    public MessageSigner SignerOn(SmbTestConnection onConnection) => _signers[onConnection];

    public bool Encrypts(uint treeId) => EncryptsAll || _encryptedTrees.ContainsKey(treeId);

    public byte[] Seal(ReadOnlySpan<byte> messages)
    {
        var frame = new byte[Smb2TransformHeader.Size + messages.Length];
        messages.CopyTo(frame.AsSpan(Smb2TransformHeader.Size));
        Sealer!.Seal(frame, SessionId);
        return frame;
    }

    public Task<SmbTestResponse> LogOnAsync(string userName, string password, ulong previousSessionId = 0) =>
        LogOnAsync(new NtlmInitiatorOptions { UserName = userName, Password = password }, previousSessionId, NtStatus.Success);

    /// <summary>Logs on, or authenticates again; <paramref name="expected"/> is the status that ends it.</summary>
    public async Task<SmbTestResponse> LogOnAsync(
        NtlmInitiatorOptions options, ulong previousSessionId = 0, NtStatus expected = NtStatus.Success)
    {
        var (response, ntlm, preauth) = await ExchangeAsync(Connection, options, previousSessionId, binding: false, expected);
        if (expected != NtStatus.Success)
        {
            return response;
        }

        var answer = SessionSetupAnswer.Parse(response.Message);
        if (Keys is null)
        {
            Flags = answer.Flags;
            if ((Flags & (Smb2SessionFlags.IsGuest | Smb2SessionFlags.IsNull)) == 0)
            {
                Keys = SessionKeys.Derive(Connection.Dialect, ntlm.SessionKey, Connection.Cipher, preauth?.ToArray());
                _signers[Connection] = Keys.CreateSigner(Connection.SigningAlgorithm);
                using var random = RandomNumberGenerator.Create();
                Sealer = Connection.Cipher == Smb2Cipher.None ? null : Keys.CreateClientSealer(Connection.Cipher, random);
                Signs = true;
                EncryptsAll = (Flags & Smb2SessionFlags.EncryptData) != 0;
                if (!response.HasValidSignature(SignerOn(Connection)))
                {
                    throw new SmbTestException("The last SESSION_SETUP response is not signed as it must be.");
                }
            }
            else if ((Flags & Smb2SessionFlags.IsNull) != 0)
            {
                using var shared = SessionKeys.Derive(Connection.Dialect, ntlm.SessionKey, Smb2Cipher.None, preauth?.ToArray());
                _signers[Connection] = shared.CreateSigner(Connection.SigningAlgorithm);
            }

            Connection.Add(this);
        }

        if (Keys is not null && !ntlm.Finish(answer.SecurityBuffer))
        {
            throw new SmbTestException("The server's last token is wrong.");
        }

        return response;
    }

    /// <summary>Binds the session to one more connection (MS-SMB2 3.2.4.2.3.1): the requests are signed by the session's key.</summary>
    public Task<SmbTestResponse> BindAsync(
        SmbTestConnection channel, string userName, string password, NtStatus expected = NtStatus.Success) =>
        BindAsync(channel, new NtlmInitiatorOptions { UserName = userName, Password = password }, expected);

    public async Task<SmbTestResponse> BindAsync(SmbTestConnection channel, NtlmInitiatorOptions options, NtStatus expected)
    {
        using var bindingSigner = _signers[channel] = Keys!.CreateSigner(channel.SigningAlgorithm);
        var (response, ntlm, preauth) = await ExchangeAsync(channel, options, 0, binding: true, expected);
        if (expected != NtStatus.Success)
        {
            _signers.TryRemove(channel, out _);
        }
        else
        {
            // In one step: while it has no channel, a session that loses its other ones forgets its keys.
            using var keys = SessionKeys.Derive(channel.Dialect, ntlm.SessionKey, Smb2Cipher.None, preauth?.ToArray());
            _signers[channel] = keys.CreateSigner(channel.SigningAlgorithm);
            if (!response.HasValidSignature(SignerOn(channel)))
            {
                throw new SmbTestException("The last SESSION_SETUP response is not signed by the channel's key.");
            }

            channel.Add(this);
        }

        return response;
    }

    public async Task LogOffAsync()
    {
        (await CallAsync(Smb2Command.Logoff, RequestBody.Empty())).Expect(NtStatus.Success);
        Connection.Remove(this);
    }

    /// <summary>Connects to a share by its name.</summary>
    public async Task<SmbTestTree> ConnectAsync(string share)
    {
        var response = await CallAsync(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\" + share));
        response.Expect(NtStatus.Success);
        var answer = TreeConnectAnswer.Parse(response.Message);
        if ((answer.Flags & Smb2ShareFlags.EncryptData) != 0)
        {
            _encryptedTrees[response.TreeId] = true;
        }

        return new SmbTestTree(this, response.TreeId, answer);
    }

    public async Task<NtStatus> TryConnectAsync(string share) =>
        (await CallAsync(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\" + share))).Status;

    /// <summary>A request of this session.</summary>
    public SmbTestRequest Request(Smb2Command command, byte[] body, uint treeId = 0, long payload = 0) =>
        new() { Command = command, Body = body, Session = this, TreeId = treeId, Payload = payload };

    public Task<SmbTestResponse> CallAsync(Smb2Command command, byte[] body, uint treeId = 0, long payload = 0) =>
        CallAsync(Request(command, body, treeId, payload));

    public async Task<SmbTestResponse> CallAsync(SmbTestRequest request)
    {
        if (request.Payload > 65536)
        {
            await Connection.EnsureCreditsAsync((int)((request.Payload - 1) / 65536) + 1);
        }

        return await Connection.CallAsync(request);
    }

    /// <summary>Cancels a request: by its async id when it has one, else by its message id.</summary>
    public Task CancelAsync(SmbTestCall call, ulong asyncId = 0) => Connection.SendAsync(new SmbTestRequest
    {
        Command = Smb2Command.Cancel,
        Session = this,
        TreeId = asyncId == 0 ? call.Request.TreeId : 0,
        MessageId = call.MessageId,
        AsyncId = asyncId,
        Flags = asyncId == 0 ? Smb2HeaderFlags.None : Smb2HeaderFlags.Async,
        CreditsWanted = 0,
        CreditCharge = 0,
    });

    internal void Forget(SmbTestConnection ended)
    {
        if (_signers.TryRemove(ended, out var signer))
        {
            signer.Dispose();
        }

        if (_signers.IsEmpty)
        {
            Sealer?.Dispose();
            Keys?.Dispose();
        }
    }

    private async Task<(SmbTestResponse Response, NtlmInitiator Ntlm, PreauthTranscript? Preauth)> ExchangeAsync(
        SmbTestConnection on, NtlmInitiatorOptions options, ulong previousSessionId, bool binding, NtStatus expected)
    {
        var ntlm = new NtlmInitiator(options);
        var preauth = on.Dialect == Smb2Dialect.Smb311 ? on.Preauth.Fork() : null;
        var token = ntlm.Start();
        while (true)
        {
            var body = RequestBody.SessionSetup(
                token, binding ? SessionSetupRequestFlags.Binding : SessionSetupRequestFlags.None,
                on.Options.SecurityMode, default, previousSessionId);
            var call = await on.SendAsync(
                new SmbTestRequest
                {
                    Command = Smb2Command.SessionSetup,
                    Body = body,
                    Session = this,
                    Sign = binding || (Signs && !EncryptsAll),
                },
                binding ? new SmbTestFrameOptions { Encrypt = false } : null); // MS-SMB2 3.2.4.1.8
            preauth?.Update(on.LastFrame);
            var response = await call.ResponseAsync();
            LastSetup = response;
            if (response.Status != NtStatus.MoreProcessingRequired)
            {
                response.Expect(expected);
                return (response, ntlm, preauth);
            }

            preauth?.Update(response.Message);
            SessionId = response.SessionId;
            token = ntlm.Next(SessionSetupAnswer.Parse(response.Message).SecurityBuffer);
        }
    }
}
