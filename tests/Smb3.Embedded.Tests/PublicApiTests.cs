using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;

namespace Smb3.Embedded.Tests;

/// <summary>
/// The public API of a package is listed in its PublicApi.txt, so that a change of it is seen in review. After a change that is meant:
/// <c>SMB3_WRITE_PUBLIC_API=1 dotnet test --filter PublicApiTests</c>.
/// </summary>
public sealed class PublicApiTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly NullabilityInfoContext _nullability = new();

    [Theory]
    [InlineData(typeof(SmbServer))]
    [InlineData(typeof(Sqlite.SqliteStateStore))]
    [InlineData(typeof(Smb3.Embedded.S3.S3FileStore))]
    [InlineData(typeof(Smb3.Embedded.AzureBlobs.AzureBlobFileStore))]
    [InlineData(typeof(DiscoveryOptions))]
    [InlineData(typeof(ControlBuilderExtensions))]
    [InlineData(typeof(Smb3.Embedded.Ldap.LdapAccountResolver))]
    [InlineData(typeof(Smb3.Embedded.Winbind.WinbindDomain))]
    [InlineData(typeof(Smb3.Embedded.PostgreSql.PostgreSqlStateStore))]
    [InlineData(typeof(SmbMonitorEndpointRouteBuilderExtensions))]
    public void The_public_api_is_the_listed_one(Type ofPackage)
    {
        var path = Path.Combine(Repository.Root, "src", ofPackage.Assembly.GetName().Name!, "PublicApi.txt");
        var actual = Describe(ofPackage.Assembly);
        if (Environment.GetEnvironmentVariable("SMB3_WRITE_PUBLIC_API") is "1" or "true")
        {
            File.WriteAllText(path, actual);
        }

        var listed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : string.Empty;
        var removed = listed.Split('\n').Except(actual.Split('\n')).Select(line => "- " + line);
        var added = actual.Split('\n').Except(listed.Split('\n')).Select(line => "+ " + line);
        Assert.True(
            listed == actual,
            "The public API differs from PublicApi.txt; if that is meant, run the test with SMB3_WRITE_PUBLIC_API=1.\n"
                + string.Join('\n', removed.Concat(added)));
    }

    private string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(HeadOf(type)).Append('\n');
            foreach (var line in MembersOf(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(line).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string HeadOf(Type type)
    {
        if (type.IsEnum)
        {
            return $"enum {type.FullName} : {NameOf(Enum.GetUnderlyingType(type))}";
        }

        var kind = type.IsInterface ? "interface" : type.IsValueType ? "struct"
            : (type.IsAbstract, type.IsSealed) switch
            {
                (true, true) => "static class",
                (true, false) => "abstract class",
                (false, true) => "sealed class",
                _ => "class",
            };
        var bases = type.GetInterfaces().Where(face => face.IsPublic).Select(NameOf).Order(StringComparer.Ordinal).ToList();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            bases.Insert(0, NameOf(parent));
        }

        return $"{kind} {type.Namespace}.{NameOf(type)}{(bases.Count > 0 ? " : " + string.Join(", ", bases) : string.Empty)}";
    }

    private IEnumerable<string> MembersOf(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => string.Create(
                CultureInfo.InvariantCulture, $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}"));
        }

        return type.GetMembers(Declared).Where(member => !member.Name.Contains('<', StringComparison.Ordinal)).Select(DescribeMember)
            .OfType<string>();
    }

    private string? DescribeMember(MemberInfo member)
    {
        switch (member)
        {
            case ConstructorInfo constructor when IsVisible(constructor):
                return $"{Access(constructor)}new({ParametersOf(constructor)})";
            case MethodInfo method
                when IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)):
                return $"{Access(method)}{NameOf(method.ReturnType)}{Mark(_nullability.Create(method.ReturnParameter), method.ReturnType)} "
                    + $"{method.Name}{Generics(method)}({ParametersOf(method)})";
            case PropertyInfo property when property.GetAccessors(nonPublic: true).FirstOrDefault(IsVisible) is { } accessor:
                var get = property.GetMethod is { } getter && IsVisible(getter) ? " get;" : string.Empty;
                var set = property.SetMethod is { } setter && IsVisible(setter) ? IsInit(setter) ? " init;" : " set;" : string.Empty;
                return $"{Access(accessor)}{NameOf(property.PropertyType)}{Mark(_nullability.Create(property), property.PropertyType)} "
                    + $"{property.Name} {{{get}{set} }}";
            case FieldInfo field when field.IsPublic || field.IsFamily:
                var value = field.IsLiteral
                    ? string.Create(CultureInfo.InvariantCulture, $" = {field.GetRawConstantValue()}") : string.Empty;
                var kind = field.IsLiteral ? "const " : field.IsStatic ? "static " : string.Empty;
                return $"{kind}{NameOf(field.FieldType)} {field.Name}{value}";
            case EventInfo { AddMethod: { } add } @event when IsVisible(add):
                return $"{Access(add)}event {NameOf(@event.EventHandlerType!)} {@event.Name}";
            default:
                return null;
        }
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsInit(MethodInfo setter) =>
        setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit));

    private static string Access(MethodBase method) =>
        (method.IsPublic ? string.Empty : "protected ")
        + (method.IsStatic ? "static "
            : method.IsAbstract ? "abstract "
            : method is { IsVirtual: true, IsFinal: false } ? "virtual " : string.Empty);

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : string.Empty;

    private string ParametersOf(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
    {
        var way = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : string.Empty;
        var optional = parameter.HasDefaultValue
            ? string.Create(
                CultureInfo.InvariantCulture, $" = {parameter.DefaultValue switch { null => "default", "" => "\"\"", var v => v }}")
            : string.Empty;
        var mark = Mark(_nullability.Create(parameter), parameter.ParameterType);
        return $"{way}{NameOf(parameter.ParameterType)}{mark} {parameter.Name}{optional}";
    }));

    private static string Mark(NullabilityInfo info, Type type) =>
        !type.IsValueType && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable)
            ? "?" : string.Empty;

    private static string NameOf(Type type)
    {
        if (type.IsByRef || type.IsArray)
        {
            return NameOf(type.GetElementType()!) + (type.IsArray ? "[]" : string.Empty);
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return NameOf(value) + "?";
        }

        var name = type.IsNested && !type.IsGenericParameter ? $"{NameOf(type.DeclaringType!)}.{type.Name}" : type.Name;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }
}
