using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport.Rdma.Messages;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>The first message of each side (MS-SMBD 3.1.5.2, 3.1.5.3, 3.1.5.6, 3.1.5.7).</summary>
/// <param name="pair">The connection.</param>
/// <param name="settings">What this side offers.</param>
/// <param name="credits">Where the credits are counted.</param>
internal sealed class Negotiation(IQueuePair pair, SmbDirectSettings settings, SmbDirectCredits credits)
{
    /// <summary>The listening side.</summary>
    /// <param name="post">Posts the receives that the peer may use from then on, of the agreed size.</param>
    /// <returns>What was agreed; <see langword="null"/> when the connection has to end.</returns>
    public async ValueTask<SmbDirectSizes?> AcceptAsync(Action<SmbDirectSizes> post)
    {
        if (await ReceiveAsync().ConfigureAwait(false) is not { } received)
        {
            return null;
        }

        bool isWhole;
        NegotiateRequest request;
        using (received.Buffer)
        {
            isWhole = NegotiateRequest.TryRead(received.Buffer.Memory.Span[..received.Length], out request);
        }

        if (!isWhole)
        {
            return null;
        }

        if (request.MinVersion > SmbDirectSettings.Version || request.MaxVersion < SmbDirectSettings.Version)
        {
            await RefuseAsync().ConfigureAwait(false);
            return null;
        }

        if (request.CreditsRequested == 0 || !AreLargeEnough(request.MaxReceiveSize, request.MaxFragmentedSize))
        {
            return null;
        }

        var sizes = SmbDirectSizes.Agree(
            settings, request.PreferredSendSize, request.MaxReceiveSize, request.MaxFragmentedSize);
        credits.Begin(request.CreditsRequested, granted: 0);
        post(sizes);
        var response = new NegotiateResponse
        {
            MinVersion = SmbDirectSettings.Version,
            MaxVersion = SmbDirectSettings.Version,
            NegotiatedVersion = SmbDirectSettings.Version,
            CreditsRequested = (ushort)settings.SendCredits,
            CreditsGranted = (ushort)credits.GrantAll(),
            Status = NtStatus.Success,
            MaxReadWriteSize = (uint)settings.MaxReadWriteSize,
            PreferredSendSize = (uint)sizes.Send,
            MaxReceiveSize = (uint)sizes.Receive,
            MaxFragmentedSize = (uint)settings.MaxFragmentedSize,
        };
        return await SendAsync(response).ConfigureAwait(false) ? sizes : null;
    }

    /// <summary>The connecting side.</summary>
    /// <param name="post">Posts the receives that the peer may use once they are granted, of the agreed size.</param>
    /// <returns>What was agreed; <see langword="null"/> when the connection has to end.</returns>
    public async ValueTask<SmbDirectSizes?> ConnectAsync(Action<SmbDirectSizes> post)
    {
        var request = new NegotiateRequest(
            SmbDirectSettings.Version,
            SmbDirectSettings.Version,
            (ushort)settings.SendCredits,
            (uint)settings.MaxSendSize,
            (uint)settings.MaxReceiveSize,
            (uint)settings.MaxFragmentedSize);
        if (!await SendAsync(request).ConfigureAwait(false) || await ReceiveAsync().ConfigureAwait(false) is not { } received)
        {
            return null;
        }

        using (received.Buffer)
        {
            if (!NegotiateResponse.TryRead(received.Buffer.Memory.Span[..received.Length], out var response)
                || response.Status != NtStatus.Success
                || response.NegotiatedVersion != SmbDirectSettings.Version
                || response.CreditsRequested == 0
                || response.CreditsGranted == 0
                || !AreLargeEnough(response.MaxReceiveSize, response.MaxFragmentedSize)
                || response.PreferredSendSize > (uint)settings.MaxReceiveSize)
            {
                return null;
            }

            var sizes = SmbDirectSizes.Agree(
                settings, response.PreferredSendSize, response.MaxReceiveSize, response.MaxFragmentedSize);
            credits.Begin(response.CreditsRequested, response.CreditsGranted);
            post(sizes);
            return sizes;
        }
    }

    private static bool AreLargeEnough(uint maxReceiveSize, uint maxFragmentedSize) =>
        maxReceiveSize >= SmbDirectSettings.LeastReceiveSize && maxFragmentedSize >= SmbDirectSettings.LeastFragmentedSize;

    /// <summary>Waits for the peer's first message, but not for long: a connection that says nothing ends here.</summary>
    private async ValueTask<ReceivedSend?> ReceiveAsync()
    {
        var timeout = settings.Time.CreateTimer(
            static pair => ((IQueuePair)pair!).Disconnect(), pair, settings.NegotiationTimeout, Timeout.InfiniteTimeSpan);
        await using (timeout.ConfigureAwait(false))
        {
            return await pair.ReceiveAsync().ConfigureAwait(false);
        }
    }

    /// <summary>MS-SMBD 3.1.5.3: a failure names the versions there are, and nothing else.</summary>
    private ValueTask<bool> RefuseAsync() => SendAsync(new NegotiateResponse
    {
        MinVersion = SmbDirectSettings.Version,
        MaxVersion = SmbDirectSettings.Version,
        Status = NtStatus.NotSupported,
    });

    private ValueTask<bool> SendAsync(in NegotiateRequest request)
    {
        var buffer = pair.Rent(NegotiateRequest.Size);
        request.Write(buffer.Memory.Span);
        return pair.SendAsync(buffer, NegotiateRequest.Size, invalidate: null);
    }

    private ValueTask<bool> SendAsync(in NegotiateResponse response)
    {
        var buffer = pair.Rent(NegotiateResponse.Size);
        response.Write(buffer.Memory.Span);
        return pair.SendAsync(buffer, NegotiateResponse.Size, invalidate: null);
    }
}
