package dev.sluice.flowcontrol.framework;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.plugins.BuiltInPlugins;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar that was built elsewhere adds a plugin type. */
final class ForeignPluginTest {
  private static final String POLICY =
      """
      package org.example;

      import dev.sluice.flowcontrol.framework.BandView;
      import dev.sluice.flowcontrol.framework.FlowView;
      import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
      import java.time.Duration;

      public final class AtMost implements QueueAdmissionPolicy {

        public record Parameters(int requests, Duration unused) {
          public Parameters {
            if (requests < 1) {
              throw new IllegalArgumentException("requests: got " + requests + ", allowed > 0");
            }
          }
        }

        private final Parameters parameters;

        public AtMost(Parameters parameters) {
          this.parameters = parameters;
        }

        @Override
        public boolean admits(
            FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
          return flow.queuedRequests() < parameters.requests();
        }
      }
      """;

  private static final String SOURCE =
      """
      package org.example;

      import dev.sluice.flowcontrol.framework.PluginSource;
      import dev.sluice.flowcontrol.framework.PluginType;
      import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
      import java.time.Duration;
      import java.util.List;

      public final class Plugins implements PluginSource {
        @Override
        public List<PluginType<?>> types() {
          return List.of(
              PluginType.of(
                  "TYPE",
                  QueueAdmissionPolicy.class,
                  new AtMost.Parameters(10, Duration.ZERO),
                  AtMost::new));
        }
      }
      """;

  @TempDir Path folder;

  /** Older versions of Java may be tested with a runtime that has no compiler. */
  @BeforeEach
  void needsACompiler() {
    assumeThat(ToolProvider.findFirst("javac")).isPresent();
  }

  @Test
  void isFoundGetsItsParametersAndRuns() throws Exception {
    try (var loader = loaderOf(jarWith("at-most"))) {
      var catalog = PluginCatalog.load(loader);

      var plugin =
          catalog.plugin(
              QueueAdmissionPolicy.class, "at-most", Map.of("requests", 2, "unused", "5s"));

      var policy = plugin.create();
      assertThat(policy.getClass().getClassLoader()).isSameAs(loader);
      var one = FakeFlow.of("a", 1).backlog(1, 1, 1);
      var two = FakeFlow.of("b", 1).backlog(2, 1, 1);
      assertThat(policy.admits(one, one, band(), 1, 1)).isTrue();
      assertThat(policy.admits(two, two, band(), 1, 1)).isFalse();
      assertThat(FlowControlConfig.builder().queueAdmission(plugin).build().queueAdmission())
          .isEqualTo(
              catalog.plugin(
                  QueueAdmissionPolicy.class, "at-most", Map.of("requests", 2, "unused", "5s")));
    }
  }

  @Test
  void isListedBesideTheBuiltInTypes() throws Exception {
    try (var loader = loaderOf(jarWith("at-most"))) {
      var catalog = PluginCatalog.load(loader);

      assertThat(catalog.types(QueueAdmissionPolicy.class)).contains("at-most", "none");
      assertThat(PluginCatalog.builtIn().types(QueueAdmissionPolicy.class))
          .doesNotContain("at-most");
      assertThat(catalog.parameters(QueueAdmissionPolicy.class, "at-most"))
          .extracting(PluginParameter::name)
          .containsExactly("requests", "unused");
    }
  }

  @Test
  void refusesBadParametersInItsOwnWords() throws Exception {
    try (var loader = loaderOf(jarWith("at-most"))) {
      var catalog = PluginCatalog.load(loader);

      assertThatThrownBy(
              () -> catalog.plugin(QueueAdmissionPolicy.class, "at-most", Map.of("requests", 0)))
          .isInstanceOf(InvalidPluginException.class)
          .hasMessage("at-most.requests: got 0, allowed > 0");
    }
  }

  @Test
  void mayNotTakeTheNameOfABuiltInType() throws Exception {
    try (var loader = loaderOf(jarWith("none"))) {
      assertThatThrownBy(() -> PluginCatalog.load(loader))
          .isInstanceOf(InvalidPluginException.class)
          .hasMessageContaining("QueueAdmissionPolicy none is provided twice")
          .hasMessageContaining("org.example.Plugins")
          .hasMessageContaining(BuiltInPlugins.class.getName());
    }
  }

  @Test
  void isNamedIfItCannotBeLoaded() throws Exception {
    var jar = folder.resolve("broken.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      service(out, "org.example.Missing");
    }

    try (var loader = loaderOf(jar)) {
      assertThatThrownBy(() -> PluginCatalog.load(loader))
          .isInstanceOf(InvalidPluginException.class)
          .hasMessageContaining("org.example.Missing");
    }
  }

  private static FakeBand band() {
    return FakeBand.empty(100, 100);
  }

  private static URLClassLoader loaderOf(Path jar) throws IOException {
    return new URLClassLoader(
        new URL[] {jar.toUri().toURL()}, ForeignPluginTest.class.getClassLoader());
  }

  private Path jarWith(String type) throws IOException, URISyntaxException {
    var policy = folder.resolve("AtMost.java");
    Files.writeString(policy, POLICY);
    var source = folder.resolve("Plugins.java");
    Files.writeString(source, SOURCE.replace("TYPE", type));
    var library =
        Path.of(PluginSource.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    var javac = ToolProvider.findFirst("javac").orElseThrow();
    var status =
        javac.run(
            System.out,
            System.err,
            "-cp",
            library.toString(),
            "-d",
            folder.toString(),
            "-proc:none",
            policy.toString(),
            source.toString());
    assertThat(status).as("javac's status").isZero();
    var jar = folder.resolve("foreign.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      service(out, "org.example.Plugins");
      for (var name : List.of("AtMost.class", "AtMost$Parameters.class", "Plugins.class")) {
        out.putNextEntry(new JarEntry("org/example/" + name));
        out.write(Files.readAllBytes(folder.resolve("org/example").resolve(name)));
        out.closeEntry();
      }
    }
    return jar;
  }

  private static void service(JarOutputStream out, String source) throws IOException {
    out.putNextEntry(new JarEntry("META-INF/services/" + PluginSource.class.getName()));
    out.write((source + "\n").getBytes(StandardCharsets.UTF_8));
    out.closeEntry();
  }
}
