using System.Reflection;

namespace ClawGrpc.Core.Tests;

/// <summary>What must hold of Core as a whole, whoever adds to it.</summary>
public class ConventionTests
{
    [Fact]
    public void Core_references_only_the_runtime_and_Json5()
    {
        var references = typeof(Retention).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal));
        Assert.Equal(["ClawGrpc.Json5"], references);
    }

    [Fact]
    public void No_type_of_Core_is_an_interface_or_has_a_name_that_says_nothing()
    {
        var types = typeof(Retention).Assembly.GetTypes().Where(type => type.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null);
        Assert.DoesNotContain(types, type => type.IsInterface);
        Assert.DoesNotContain(types, type => new[] { "Helper", "Manager", "Util", "Common" }.Any(word => type.Name.Contains(word, StringComparison.Ordinal)));
    }
}
