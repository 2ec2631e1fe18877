using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>docs/kubernetes.yaml says what the programs understand, and what it mounts is enough for them.</summary>
public partial class ManifestTests
{
    private const int LongestStop = 10;

    [Fact]
    public void It_has_what_a_cluster_needs() => Assert.Equal(
        ["Deployment", "Job", "Namespace", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Service", "ServiceAccount"],
        Manifest.Objects.Select(each => $"{each["kind"]}").Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_option_is_one_of_the_program_and_every_variable_is_documented()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var pages = Directory.EnumerateFiles(Path.GetDirectoryName(Manifest.Path)!, "*.md");
        var docs = string.Concat(pages.Select(File.ReadAllText));
        foreach (var container in Manifest.Pods.SelectMany(pod => Manifest.ContainersOf(pod.Spec)))
        {
            var line = Manifest.LineOf(container);
            Assert.Contains(line[0], new[] { "clawgrpc", "claw", "chmod" });
            if (line[0] == "clawgrpc")
            {
                var help = await HelpOfAsync(fixture, line.Count > 1 && !line[1].StartsWith('-') ? [line[1]] : []);
                var options = line.Skip(1).Where(each => each.StartsWith('-')).Select(each => each.Split('=')[0]);
                Assert.All(options, option => Assert.Matches($@"(?m)^  {option} ", help));
            }

            Assert.All(
                Manifest.EnvironmentOf(container).Keys, name => Assert.Contains($"`{name}", docs, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_path_is_mounted_and_every_mount_has_its_volume()
    {
        foreach (var (_, spec, _) in Manifest.Pods)
        {
            var volumes = Manifest.Items(spec["volumes"]).Select(volume => $"{volume["name"]}").ToHashSet();
            foreach (var container in Manifest.ContainersOf(spec))
            {
                var mounts = Manifest.Items(container["volumeMounts"]).ToList();
                Assert.All(mounts, mount => Assert.Contains($"{mount["name"]}", volumes));
                var texts = Manifest.LineOf(container).Concat(Manifest.EnvironmentOf(container).Values);
                foreach (Match path in texts.SelectMany(text => AbsolutePath().Matches(text)))
                {
                    Assert.Contains(mounts, mount => path.Value == $"{mount["mountPath"]}"
                        || path.Value.StartsWith($"{mount["mountPath"]}/", StringComparison.Ordinal));
                }
            }
        }
    }

    [Fact]
    public void Selectors_ports_and_times_fit()
    {
        var (_, spec, labels) = Manifest.Pods.Single(pod => pod.Owner == "Deployment");
        var name = $"{labels!["app.kubernetes.io/name"]}";
        JsonNode?[] selectors =
        [
            Manifest.Find("Deployment")["spec"]!["selector"]!["matchLabels"],
            Manifest.Find("Service")["spec"]!["selector"],
            Manifest.Find("PodDisruptionBudget")["spec"]!["selector"]!["matchLabels"],
        ];
        Assert.All(selectors, selector => Assert.Equal(name, $"{selector!["app.kubernetes.io/name"]}"));
        var guarded = Manifest.Find("NetworkPolicy")["spec"]!["podSelector"]!["matchExpressions"]![0]!["values"];
        Assert.Equal([name, "clawgrpc-migrate"], Manifest.Texts(guarded));

        var server = spec["containers"]![0]!;
        var port = $"{server["ports"]![0]!["containerPort"]}";
        Assert.Contains($"--listen=https://0.0.0.0:{port}", Manifest.Texts(server["args"]));
        Assert.Equal(port, $"{Manifest.Find("Service")["spec"]!["ports"]![0]!["port"]}");
        Assert.Equal(port, $"{Manifest.Find("NetworkPolicy")["spec"]!["ingress"]![0]!["ports"]![0]!["port"]}");
        var grace = Number(spec["terminationGracePeriodSeconds"]);
        Assert.True(grace > Number(server["lifecycle"]!["preStop"]!["sleep"]!["seconds"]) + LongestStop);
        Assert.True(Number(Manifest.Find("PodDisruptionBudget")["spec"]!["minAvailable"])
            < Number(Manifest.Find("Deployment")["spec"]!["replicas"]));

        static int Number(JsonNode? node) => int.Parse($"{node}", CultureInfo.InvariantCulture);
    }

    [NeedsPostgresFact(AsRoot = true)]
    public async Task Server_runs_with_what_the_kubelet_would_give_it()
    {
        await using var fixture = await ReplicaFixture.BuildAsync();
        await using var node = await Node.MakeAsync(fixture);
        var job = Manifest.Pods.Single(pod => pod.Owner == "Job").Spec["containers"]![0]!;
        Assert.Equal(0, await node.Start(job).ExitAsync());

        var spec = Manifest.Pods.Single(pod => pod.Owner == "Deployment").Spec;
        var server = spec["containers"]![0]!;
        var refused = node.Start(server);
        Assert.Equal(1, await refused.ExitAsync());
        Assert.Contains("can be written by others than its owner (mode 777)", refused.Error, StringComparison.Ordinal);

        var init = spec["initContainers"]![0]!;
        Assert.Equal(0, await node.Start(init).ExitAsync());
        var running = node.Start(server);
        var ready = await running.LineWithAsync("clawgrpc ready on ");

        // The handshake succeeds; who shows nothing is refused.
        string[] stranger = ["claw", "whoami", "--endpoint", $"https://localhost:{Port().Match(ready).Value}"];
        var call = node.Start(server, [.. stranger, "--ca", fixture.InFolder("ca.pem")], isRoot: true);
        Assert.Equal(1, await call.ExitAsync());
        Assert.StartsWith("Error: The caller is not known.", call.Error, StringComparison.Ordinal);
        var probe = node.Start(server, Manifest.Texts(server["readinessProbe"]!["exec"]!["command"]));
        Assert.True(await probe.ExitAsync() == 0, probe.Error);
        running.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await running.ExitAsync());
    }

    private static async Task<string> HelpOfAsync(ProcessFixture fixture, IEnumerable<string> command)
    {
        var help = fixture.Keep(RunningProgram.Start(
            "ClawGrpc.Server", "clawgrpc", new Dictionary<string, string>(), [.. command, "--help"]));
        Assert.Equal(0, await help.ExitAsync());
        return help.Out;
    }

    [GeneratedRegex(@"(?<![\w/.])/(?:[\w.-]+/)+[\w.-]+")]
    private static partial Regex AbsolutePath();

    [GeneratedRegex(@"(?<=https://0\.0\.0\.0:)\d+")]
    private static partial Regex Port();

    /// <summary>
    /// Volumes with the owners and modes that the kubelet gives them, below a folder, and the programs beside them.
    /// </summary>
    private sealed class Node : IAsyncDisposable
    {
        private const string User = "65532";
        private readonly ReplicaFixture _fixture;
        private readonly string _root = Directory.CreateTempSubdirectory("node-").FullName;

        private Node(ReplicaFixture fixture) => _fixture = fixture;

        public static async Task<Node> MakeAsync(ReplicaFixture fixture)
        {
            var node = new Node(fixture);
            await Certificates.MakeAsync(fixture.Processes);
            Directory.CreateDirectory(Path.Join(node._root, "bin"));
            foreach (var file in new[] { "ClawGrpc.Server", "ClawGrpc.Cli" }.SelectMany(
                project => Directory.EnumerateFiles(RunningProgram.OutputOf(project))))
            {
                File.Copy(file, Path.Join(node._root, "bin", Path.GetFileName(file)), overwrite: true);
            }

            await File.WriteAllTextAsync(fixture.InFolder("dsn"), fixture.Environment["CLAWGRPC_DSN"]);
            await node.ShellAsync($$"""
                umask 022; chmod 755 .
                mkdir -p var/lib/clawgrpc; chmod 777 var/lib/clawgrpc
                secret() { # FOLDER NAME FILE...
                  mkdir -p "$1/..now"; chmod 755 "$1" "$1/..now"; ln -sfn ..now "$1/..data"
                  install -m 0440 -o root -g {{User}} "$3" "$1/..now/$2"; ln -sfn "..data/$2" "$1/$2"
                }
                secret run/credentials/clawgrpc clawgrpc-dsn '{{fixture.InFolder("dsn")}}'
                secret run/credentials/clawgrpc clawgrpc-seal-key '{{fixture.SealKey}}'
                secret run/tls tls.crt '{{fixture.InFolder("server.pem")}}'
                secret run/tls tls.key '{{fixture.InFolder("server.key")}}'
                """);
            return node;
        }

        /// <summary>Starts a container's program as its user, with its paths below the folder.</summary>
        public RunningProgram Start(JsonNode container, IReadOnlyList<string>? command = null, bool isRoot = false)
        {
            var line = command ?? [.. Manifest.LineOf(container).Select(Below)];
            var environment = Manifest.EnvironmentOf(container).ToDictionary(each => each.Key, each => Below(each.Value));
            environment["ANTHROPIC_BASE_URL"] = _fixture.Processes.Sandbox.BaseUrl;
            environment["HOME"] = "/nonexistent";
            environment["PATH"] = $"{_root}/bin:{System.Environment.GetEnvironmentVariable("PATH")}";
            string[] become = isRoot || $"{container["securityContext"]!["runAsUser"]}" == "0"
                ? []
                : [OtherUser.Setpriv, "--reuid", User, "--regid", User, "--clear-groups", "--no-new-privs"];
            List<string> all = [.. become, "/usr/bin/env", .. line];
            return _fixture.Processes.Keep(RunningProgram.Start(all[0], environment, all.Skip(1)));
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_root, recursive: true);
            return ValueTask.CompletedTask;
        }

        private string Below(string text) => AbsolutePath().Replace(text, path => $"{_root}{path.Value}")
            .Replace(":7443", ":0", StringComparison.Ordinal);

        private async Task ShellAsync(string script)
        {
            var shell = _fixture.Processes.Keep(RunningProgram.Start(
                "/bin/bash", new Dictionary<string, string>(), ["-euc", $"cd '{_root}'\n{script}"]));
            Assert.True(await shell.ExitAsync() == 0, shell.Error);
        }
    }
}
