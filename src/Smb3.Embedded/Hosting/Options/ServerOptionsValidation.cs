using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>Checks options whenever they are made.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Services make it.")]
internal sealed class ServerOptionsValidation : IValidateOptions<SmbServerOptions>
{
    public ValidateOptionsResult Validate(string? name, SmbServerOptions options) =>
        OptionsValidator.Find(options) is { Count: > 0 } failures ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
}
