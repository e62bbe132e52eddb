using Smb3.Embedded.Tests.ObjectServices;

namespace Smb3.Embedded.Tests.S3;

public sealed class S3ShareTests() : ObjectServiceShareTests(new S3Service());
