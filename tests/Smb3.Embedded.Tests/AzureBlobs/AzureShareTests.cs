using Smb3.Embedded.Tests.ObjectServices;

namespace Smb3.Embedded.Tests.AzureBlobs;

public sealed class AzureShareTests() : ObjectServiceShareTests(new AzureService());
