using System.Reflection;
using System.Runtime.CompilerServices;
using ClawGrpc.Core.Tests.Circle.One;
using ClawGrpc.Core.Tests.Circle.Two;
using ClawGrpc.Json5;
using ClawGrpc.Testing;

namespace ClawGrpc.Core.Tests
{
    /// <summary>Rules for the whole of Core and Json5.</summary>
    public class ArchitectureTests
    {
        private static readonly Assembly Core = typeof(Retention).Assembly;

        [Fact]
        public void Core_references_only_the_runtime_and_Json5() => Assert.Equal(["ClawGrpc.Json5"], OwnReferences(Core));

        [Fact]
        public void Json5_references_only_the_runtime() => Assert.Empty(OwnReferences(typeof(Json5Document).Assembly));

        [Fact]
        public void Folders_of_Core_form_no_circle() => NamespaceGraph.AssertNoCircle(Core.Location);

        [Fact]
        public void Circle_is_reported_with_the_types_that_make_it()
        {
            var circles = NamespaceGraph.Of(typeof(ArchitectureTests).Assembly.Location).Circles();
            Assert.Contains(
                """
                ClawGrpc.Core.Tests.Circle.One -> ClawGrpc.Core.Tests.Circle.Two: UsesInBody uses Used
                ClawGrpc.Core.Tests.Circle.Two -> ClawGrpc.Core.Tests.Circle.One: UsesInSignature uses UsesInBody
                """.ReplaceLineEndings("\n"),
                circles);
        }

        [Fact]
        public void Core_has_no_interface() =>
            Assert.DoesNotContain(
                Core.GetTypes().Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute))), type => type.IsInterface);

        [Theory]
        [InlineData("Helper")]
        [InlineData("Manager")]
        [InlineData("Util")]
        [InlineData("Common")]
        public void Type_names_of_Core_avoid_filler_words(string word) =>
            Assert.DoesNotContain(Core.GetTypes(), type => type.Name.Contains(word, StringComparison.Ordinal));

        private static IEnumerable<string> OwnReferences(Assembly assembly) => assembly.GetReferencedAssemblies()
            .Select(name => name.Name!).Where(name => !name.StartsWith("System.", StringComparison.Ordinal));
    }
}

namespace ClawGrpc.Core.Tests.Circle.One
{
    /// <summary>Uses the other namespace in an anonymous function only.</summary>
    internal sealed class UsesInBody
    {
        public static int Count() => Enumerable.Range(0, 1).Count(static _ => new Used().ToString() is null);
    }
}

namespace ClawGrpc.Core.Tests.Circle.Two
{
    internal sealed class Used;

    /// <summary>Uses the other namespace in a generic argument only.</summary>
    internal abstract class UsesInSignature
    {
        public abstract void Take(Func<UsesInBody[]> used);
    }
}
