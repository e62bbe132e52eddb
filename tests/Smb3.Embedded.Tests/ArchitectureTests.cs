using System.Collections.Frozen;
using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using Xunit;

namespace Smb3.Embedded.Tests;

/// <summary>
/// The rooms (folders of src/Smb3.Embedded) may use only what is below them. Types are walked with their members and the code of
/// their methods; a type belongs to the room whose folder declares it.
/// </summary>
public sealed partial class ArchitectureTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly FrozenDictionary<string, string[]> MayUse = new Dictionary<string, string[]>
    {
        ["Hosting"] = ["Commands", "Dispatch", "Sessions", "Files", "Pipes", "Rpc", "Storage", "Security", "Transport", "Wire"],
        ["Commands"] = ["Dispatch", "Sessions", "Files", "Pipes", "Rpc", "Storage", "Security", "Wire"],
        ["Dispatch"] = ["Sessions", "Security", "Transport", "Wire"],
        ["Sessions"] = ["Files", "Storage", "Security", "Wire"],
        ["Files"] = ["Storage"],
        ["Pipes"] = ["Rpc", "Wire"],
        ["Rpc"] = ["Wire"],
        ["Security"] = ["Wire"],
        ["Storage"] = [],
        ["Transport"] = [],
        ["Wire"] = [],
        ["Diagnostics"] = [],
        ["Nt"] = [],
    }.ToFrozenDictionary();

    /// <summary>The vocabulary of NT, and logs and metrics, are everybody's.</summary>
    private static readonly string[] ForAll = ["Nt", "Diagnostics"];

    private static readonly FrozenDictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!)
        .ToFrozenDictionary(code => code.Value);

    private readonly Dictionary<string, string> _rooms = RoomsOfTypes();

    [Fact]
    public void Every_folder_is_a_known_room()
    {
        var folders = Directory.EnumerateDirectories(Repository.Library).Select(Path.GetFileName).Except(["bin", "obj"]);
        Assert.Equal(folders.Order(), MayUse.Keys.Intersect(folders!).Order());
    }

    [Fact]
    public void Every_type_belongs_to_a_room()
    {
        Assert.Empty(OwnTypes().Where(type => RoomOf(type) is null).Select(type => type.FullName));
    }

    [Fact]
    public void No_room_uses_one_above_it()
    {
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in OwnTypes())
        {
            var room = RoomOf(type);
            foreach (var used in UsedBy(type))
            {
                if (room is not null && RoomOf(used) is { } other && other != room
                    && !ForAll.Contains(other) && !MayUse[room].Contains(other))
                {
                    wrong.Add($"{room} may not use {other}: {Outermost(type).FullName} -> {Outermost(used).FullName}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void The_walk_looks_into_members_and_code()
    {
        var used = UsedBy(typeof(Embedded.Hosting.ServerRun)).ToHashSet();
        Assert.Contains(typeof(Embedded.Commands.CommandSet), used); // only called
        Assert.Contains(typeof(Embedded.Sessions.ServerGraph), used); // a property
        Assert.Contains(typeof(Embedded.Dispatch.ConnectionLoop), used); // an argument of a generic field
        Assert.Equal("Security", RoomOf(typeof(SmbIdentity))); // public, and in the root namespace
    }

    private static IEnumerable<Type> OwnTypes() => typeof(SmbServer).Assembly.GetTypes()
        .Where(type => Outermost(type) is { Namespace: not null } outermost && !outermost.Name.StartsWith('<')
            && (outermost.Namespace.StartsWith("Smb3.Embedded", StringComparison.Ordinal) || outermost.IsPublic));

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private string? RoomOf(Type type) => _rooms.GetValueOrDefault(Outermost(type).FullName!);

    /// <summary>Namespace and name of each type that a source file declares, with the folder that the file is in.</summary>
    private static Dictionary<string, string> RoomsOfTypes()
    {
        var rooms = new Dictionary<string, string>();
        foreach (var room in MayUse.Keys.Where(room => Directory.Exists(Path.Combine(Repository.Library, room))))
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Library, room), "*.cs", SearchOption.AllDirectories))
            {
                var source = File.ReadAllText(file);
                var space = NamespaceLine().Match(source).Groups[1].Value;
                foreach (Match type in TypeLine().Matches(source))
                {
                    var generics = type.Groups[2].Value.Length == 0 ? 0 : type.Groups[2].Value.Count(c => c == ',') + 1;
                    rooms[$"{space}.{type.Groups[1].Value}{(generics > 0 ? $"`{generics}" : string.Empty)}"] = room;
                }
            }
        }

        return rooms;
    }

    private static IEnumerable<Type> UsedBy(Type type)
    {
        var used = new HashSet<Type>();
        void Use(Type? one)
        {
            if (one is null || !used.Add(one))
            {
                return;
            }

            Use(one.HasElementType ? one.GetElementType() : null);
            foreach (var argument in one.IsGenericType ? one.GetGenericArguments() : [])
            {
                Use(argument);
            }
        }

        Use(type.BaseType);
        foreach (var face in type.GetInterfaces())
        {
            Use(face);
        }

        foreach (var field in type.GetFields(All))
        {
            Use(field.FieldType);
        }

        foreach (var method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
        {
            Use((method as MethodInfo)?.ReturnType);
            foreach (var parameter in method.GetParameters())
            {
                Use(parameter.ParameterType);
            }

            if (method.GetMethodBody() is { } body)
            {
                foreach (var local in body.LocalVariables)
                {
                    Use(local.LocalType);
                }

                foreach (var member in MembersIn(method, body.GetILAsByteArray() ?? []))
                {
                    Use(member as Type ?? member.DeclaringType);
                    Use((member as FieldInfo)?.FieldType);
                    foreach (var argument in member is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericArguments() : [])
                    {
                        Use(argument);
                    }
                }
            }
        }

        return used.Select(one => one.IsGenericType ? one.GetGenericTypeDefinition() : one)
            .Where(one => one is { IsGenericParameter: false, HasElementType: false } && one.Assembly == typeof(SmbServer).Assembly);
    }

    /// <summary>What the tokens in the code of a method stand for (ECMA-335 partition III).</summary>
    private static IEnumerable<MemberInfo> MembersIn(MethodBase method, byte[] code)
    {
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            var operation = OpCodesByValue[value];
            at += operation.Size;
            if (operation.OperandType
                    is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok
                && method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments) is { } member)
            {
                yield return member;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|static|sealed|abstract|readonly|ref|unsafe|partial)\s+)*"
        + @"(?:record\s+struct|record\s+class|record|class|struct|interface|enum|delegate\s+[\w<>?,.\s]+?)\s+(\w+)(<[^>]*>)?",
        RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
