using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>Does a <see cref="LogOnStep"/>: sends token after token until the server has said yes or no.</summary>
internal sealed class LogOn(World world, Receiver receiver, Action<FuzzClient, byte[]> send)
{
    private const int MostTokens = 6;

    public void Run(FuzzClient client, LogOnStep step)
    {
        if (client.Negotiated is null)
        {
            return;
        }

        client.LogOns++;
        var known = world.Sessions.GetValueOrDefault(step.BindTo != 0 ? step.BindTo : step.Again);
        if ((step.BindTo != 0 || step.Again != 0) && known is null)
        {
            return;
        }

        var ntlm = new NtlmInitiator(new NtlmInitiatorOptions
        {
            UserName = step.User,
            Password = step.WrongPassword ? "wrong" : FuzzServer.Password,
            Raw = step.Raw,
            SendMic = !step.WithoutMic,
        });
        var preauth = client.Dialect == Smb2Dialect.Smb311 ? client.Preauth.Fork() : null;
        var token = ntlm.Start();
        var sessionId = 0UL;
        using var bindSigner = step.BindTo != 0 ? known!.Keys?.CreateSigner(client.SigningAlgorithm) : null;
        for (var round = 0; round < Math.Min(step.StopAfter, MostTokens); round++)
        {
            var sent = round == step.Broken ? Break(token, step) : token;
            var response = Exchange(client, step, sent, known, sessionId, bindSigner, preauth);
            if (response is null || !Smb2Header.TryParse(response, out var header))
            {
                return;
            }

            if (header.Status != NtStatus.MoreProcessingRequired)
            {
                if (header.Status == NtStatus.Success)
                {
                    Succeed(client, step, known, ntlm, preauth, response, header);
                }

                return;
            }

            preauth?.Update(response);
            sessionId = header.SessionId;
            try
            {
                token = ntlm.Next(SessionSetupAnswer.Parse(response).SecurityBuffer);
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException)
            {
                if (step.Broken < 0)
                {
                    throw new FuzzFailure("bad token", e.Message);
                }

                return;
            }
        }
    }

    private static byte[] Break(byte[] token, LogOnStep step)
    {
        var broken = (byte[])token.Clone();
        Composer.Apply(step.Edits, broken);
        return step.Cut >= 0 && step.Cut < broken.Length ? broken[..step.Cut] : broken;
    }

    private byte[]? Exchange(
        FuzzClient client, LogOnStep step, byte[] token, FuzzSession? known, ulong sessionId, MessageSigner? bindSigner,
        PreauthTranscript? preauth)
    {
        var previous = world.Sessions.GetValueOrDefault(step.Previous)?.SessionId ?? 0;
        var flags = step.BindTo != 0 ? SessionSetupRequestFlags.Binding : SessionSetupRequestFlags.None;
        var body = RequestBody.SessionSetup(token, flags, Smb2SecurityMode.SigningEnabled, default, previous);
        var message = new Message(step.Number, Smb2Command.SessionSetup, body)
        {
            Session = step.Again,
            AsBuilt = step.Broken < 0 && !step.WrongPassword,
        };
        var seals = step.Again != 0 && known is { EncryptsAll: true, Sealer: not null };
        var signer = seals ? null : bindSigner ?? known?.SignerOn(client);
        var messageId = client.TakeMessageId(1);
        var frame = new RequestHeader
        {
            Command = Smb2Command.SessionSetup,
            MessageId = messageId,
            CreditCharge = (ushort)(client.Dialect == Smb2Dialect.Smb202 ? 0 : 1),
            Credits = 64,
            SessionId = known?.SessionId ?? sessionId,
            Flags = signer is null ? 0 : Smb2HeaderFlags.Signed,
        }.Compose(body);
        signer?.Sign(frame);
        preauth?.Update(frame);
        client.Calls[messageId] = new Call(message, messageId) { Session = known, IsSealed = seals };
        receiver.LastLogOn = null;
        send(client, seals ? known!.Seal(frame) : frame);
        return receiver.LastLogOn;
    }

    private void Succeed(
        FuzzClient client, LogOnStep step, FuzzSession? known, NtlmInitiator ntlm, PreauthTranscript? preauth, byte[] response,
        Smb2Header header)
    {
        var answer = SessionSetupAnswer.Parse(response);
        if (step.Again != 0 || step.Broken >= 0)
        {
            // Of a changed token the server may have taken another key than the client knows (without a MIC nobody can tell).
            return;
        }

        var isAnonymous = (answer.Flags & (Smb2SessionFlags.IsGuest | Smb2SessionFlags.IsNull)) != 0;
        if (step.BindTo != 0)
        {
            using var channelKeys = SessionKeys.Derive(client.Dialect, ntlm.SessionKey, Smb2Cipher.None, preauth?.ToArray());
            known!.AddChannel(client, channelKeys);
            Verify(client, known, response);
            return;
        }

        if (world.Sessions.TryGetValue(step.Previous, out var previous) && !previous.HasEnded)
        {
            world.End(previous);
        }

        var session = new FuzzSession(step.Number, header.SessionId, answer.Flags) { Home = isAnonymous ? client : null };
        world.Sessions[step.Number] = session;
        if (!isAnonymous)
        {
            session.SetKeys(SessionKeys.Derive(client.Dialect, ntlm.SessionKey, client.Cipher, preauth?.ToArray()), client);
            Verify(client, session, response);
        }
    }

    private static void Verify(FuzzClient client, FuzzSession session, byte[] response)
    {
        if (!session.SignerOn(client)!.Verify((byte[])response.Clone()))
        {
            throw new FuzzFailure("bad signature", "of the last SESSION_SETUP response");
        }
    }
}
