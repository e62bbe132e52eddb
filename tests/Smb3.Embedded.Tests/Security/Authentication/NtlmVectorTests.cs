using System.Text;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Security.Cryptography;
using Xunit;
using static Smb3.Embedded.Tests.Security.PublishedExchange;

namespace Smb3.Embedded.Tests.Security.Authentication;

/// <summary>The worked example of MS-NLMP 4.2.4 and the NTLM inside the published SMB exchange.</summary>
public class NtlmVectorTests
{
    private const string NtResponse = "68CD0AB851E51C96AABC927BEBEF6A1C01010000000000000000000000000000AAAAAAAAAAAAAAAA00000000"
        + "02000C0044006F006D00610069006E0001000C005300650072007600650072000000000000000000";

    private static readonly NtlmFlags PublishedFlags = (NtlmFlags)0xE2888215;

    [Fact]
    public void TheNtHashIsThatOfThePassword()
    {
        var hash = new byte[16];
        SmbUser.ComputeNtHash("Password", hash);
        Assert.Equal("A4F49C406510BDCAB6824EE7C30FD852", Convert.ToHexString(hash));
    }

    [Theory]
    [InlineData("User")]
    [InlineData("user")]
    [InlineData("USER")]
    public void TheResponseKeyTakesTheUserInUpperCaseAndTheDomainAsItIs(string user)
    {
        var key = ResponseKey(user, "Domain");
        Assert.Equal("0C868A403BFD7A93A3001EF22EF02E3F", Convert.ToHexString(key));
        Assert.NotEqual(key, ResponseKey(user, "DOMAIN"));
    }

    [Fact]
    public void UpperCaseIsNotOnlyForAscii() => Assert.Equal(ResponseKey("JÜRGEN Ж", ""), ResponseKey("jürgen ж", ""));

    [Fact]
    public void ProofSessionBaseKeyAndExchangedKeyAreThoseOfTheExample()
    {
        var responseKey = ResponseKey("User", "Domain");
        var response = Hex(NtResponse);
        var proof = new byte[16];
        NtlmV2.Proof(responseKey, Hex("0123456789ABCDEF"), response.AsSpan(16), proof);
        Assert.Equal(response[..16], proof);
        var baseKey = new byte[16];
        NtlmV2.SessionBaseKey(responseKey, proof, baseKey);
        Assert.Equal("8DE40CCADBC14A82F15CB0AD0DE95CA3", Convert.ToHexString(baseKey));
        var exported = new byte[16];
        Rc4.Transform(baseKey, Hex("C5DAD2544FC9799094CE1CE90BC9D03E"), exported);
        Assert.Equal("55555555555555555555555555555555", Convert.ToHexString(exported));
        Assert.True(NtlmV2.IsResponse(response));
        Assert.False(NtlmV2.HasMic(response));
    }

    [Fact]
    public void TheMessagesOfThePublishedExchangeParse()
    {
        Assert.True(NegTokenInit.TryParse(Token(2, RequestBuffer), out var init));
        Assert.Equal(0, init.IndexOf(GssOid.Ntlm));
        Assert.True(NtlmNegotiateMessage.TryParse(init.MechToken, out var negotiate));
        Assert.Equal((NtlmFlags)0xE2088297, negotiate.Flags);
        Assert.Equal((NtlmFlags)0xE28A8215, NtlmChallengeMessage.Answer(negotiate.Flags));

        Assert.True(NegTokenResp.TryParse(Token(3, ResponseBuffer), out var challenge));
        Assert.Equal(NegState.AcceptIncomplete, challenge.State);
        Assert.True(challenge.SupportedMech.SequenceEqual(GssOid.Ntlm));

        Assert.True(NegTokenResp.TryParse(Token(4, RequestBuffer), out var third));
        Assert.True(NtlmAuthenticateMessage.TryParse(third.ResponseToken.ToArray(), Encoding.Unicode, out var authenticate));
        Assert.Equal("administrator", authenticate.UserName);
        Assert.Equal("SUT311", authenticate.DomainName);
        Assert.Equal("DRIVER311", authenticate.WorkstationName);
        Assert.Equal(PublishedFlags, authenticate.Flags);
        Assert.True(NtlmV2.HasMic(authenticate.NtResponse));
        Assert.False(authenticate.IsAnonymous);
    }

    [Fact]
    public void TheMicOfThePublishedExchangeIsRight()
    {
        Assert.True(NegTokenInit.TryParse(Token(2, RequestBuffer), out var init));
        Assert.True(NegTokenResp.TryParse(Token(3, ResponseBuffer), out var challenge));
        Assert.True(NegTokenResp.TryParse(Token(4, RequestBuffer), out var authenticate));
        var mic = new byte[16];
        NtlmV2.Mic(Hex(SessionKey), init.MechToken, challenge.ResponseToken, authenticate.ResponseToken, mic);
        Assert.Equal(authenticate.ResponseToken.Slice(NtlmAuthenticateMessage.MicOffset, 16).ToArray(), mic);
    }

    [Fact]
    public void TheMechListMicsOfThePublishedExchangeAreRight()
    {
        Assert.True(NegTokenInit.TryParse(Token(2, RequestBuffer), out var init));
        Assert.True(NegTokenResp.TryParse(Token(4, RequestBuffer), out var fromClient));
        Assert.True(NegTokenResp.TryParse(Hex(SignedResponse).AsSpan(ResponseBuffer), out var fromServer));
        Assert.Equal(NegState.AcceptCompleted, fromServer.State);
        Assert.True(NtlmSignature.Verify(Hex(SessionKey), PublishedFlags, fromServer: false, init.MechTypes, fromClient.MechListMic));
        Assert.True(NtlmSignature.Verify(Hex(SessionKey), PublishedFlags, fromServer: true, init.MechTypes, fromServer.MechListMic));
        Assert.False(NtlmSignature.Verify(Hex(SessionKey), PublishedFlags, fromServer: true, init.MechTypes, fromClient.MechListMic));
    }

    [Fact]
    public void OurTokensAreByteForByteThoseOfWindows()
    {
        Assert.True(NegTokenInit.TryParse(Token(2, RequestBuffer), out var init));
        Assert.Equal(Token(2, RequestBuffer), NegTokenInit.Write([GssOid.Ntlm.ToArray()], init.MechToken));
        Assert.True(NegTokenResp.TryParse(Token(3, ResponseBuffer), out var challenge));
        var ours = NegTokenResp.Write(NegState.AcceptIncomplete, GssOid.Ntlm, challenge.ResponseToken, default);
        Assert.Equal(Token(3, ResponseBuffer), ours);
        var final = Hex(SignedResponse)[ResponseBuffer..];
        Assert.True(NegTokenResp.TryParse(final, out var completed));
        Assert.Equal(final, NegTokenResp.Write(NegState.AcceptCompleted, default, default, completed.MechListMic));
    }

    [Fact]
    public void TheOfferOfTheNegotiateResponseNamesNtlmAndTheHint()
    {
        var offer = NegTokenInit.WriteServerOffer(GssOid.Ntlm.ToArray());
        Assert.True(NegTokenInit.TryParse(offer, out var init));
        Assert.Equal(0, init.IndexOf(GssOid.Ntlm));
        Assert.True(init.MechToken.IsEmpty);
        Assert.Contains("not_defined_in_RFC4178@please_ignore", Encoding.ASCII.GetString(offer));
        Assert.Equal(
            "604806062B0601050502A03E303CA00E300C060A2B06010401823702020AA32A3028A0261B246E6F745F646566696E65645F696E5F524643"
            + "3431373840706C656173655F69676E6F7265",
            Convert.ToHexString(offer));
    }

    private static byte[] ResponseKey(string user, string domain)
    {
        var hash = new byte[16];
        SmbUser.ComputeNtHash("Password", hash);
        var key = new byte[16];
        NtlmV2.ResponseKey(hash, user, domain, key);
        return key;
    }
}
