package dev.sluice.flowcontrol.framework;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.plugins.admission.AdmitAll;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar that was built elsewhere adds a plugin type. */
final class ForeignPluginTest {
  private static final String SOURCE =
      """
      package org.example;

      import dev.sluice.flowcontrol.framework.PluginProvider;
      import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
      import java.time.Duration;

      public final class AtMost
          implements PluginProvider<QueueAdmissionPolicy, AtMost.Parameters> {

        public record Parameters(int requests, Duration unused) {
          public Parameters {
            if (requests < 1) {
              throw new IllegalArgumentException("requests: got " + requests + ", allowed > 0");
            }
          }
        }

        @Override public String type() { return "TYPE"; }

        @Override public Class<QueueAdmissionPolicy> kind() { return QueueAdmissionPolicy.class; }

        @Override public Parameters defaults() { return new Parameters(10, Duration.ZERO); }

        @Override public QueueAdmissionPolicy create(Parameters parameters) {
          return (flow, tenant, band, cost, sizeBytes) -> flow.queuedRequests() < parameters.requests();
        }
      }
      """;

  @TempDir Path folder;

  @Test
  void isFoundGetsItsParametersAndRuns() throws Exception {
    try (var loader = loaderOf(jarOf(SOURCE.replace("TYPE", "at-most")))) {
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
  void standsBesideTheBuiltInTypes() throws Exception {
    try (var loader = loaderOf(jarOf(SOURCE.replace("TYPE", "at-most")))) {
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
    try (var loader = loaderOf(jarOf(SOURCE.replace("TYPE", "at-most")))) {
      var catalog = PluginCatalog.load(loader);

      assertThatThrownBy(
              () -> catalog.plugin(QueueAdmissionPolicy.class, "at-most", Map.of("requests", 0)))
          .isInstanceOf(InvalidPluginException.class)
          .hasMessage("at-most.requests: got 0, allowed > 0");
    }
  }

  @Test
  void mayNotTakeTheNameOfABuiltInType() throws Exception {
    try (var loader = loaderOf(jarOf(SOURCE.replace("TYPE", "none")))) {
      assertThatThrownBy(() -> PluginCatalog.load(loader))
          .isInstanceOf(InvalidPluginException.class)
          .hasMessageContaining("QueueAdmissionPolicy none is provided twice")
          .hasMessageContaining("org.example.AtMost")
          .hasMessageContaining(AdmitAll.Provider.class.getName());
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

  private Path jarOf(String source) throws IOException, URISyntaxException {
    var file = folder.resolve("AtMost.java");
    Files.writeString(file, source);
    var library =
        Path.of(PluginProvider.class.getProtectionDomain().getCodeSource().getLocation().toURI());
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
            file.toString());
    assertThat(status).as("javac's status").isZero();
    var jar = folder.resolve("foreign.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      service(out, "org.example.AtMost");
      for (var name : List.of("AtMost.class", "AtMost$Parameters.class")) {
        out.putNextEntry(new JarEntry("org/example/" + name));
        out.write(Files.readAllBytes(folder.resolve("org/example").resolve(name)));
        out.closeEntry();
      }
    }
    return jar;
  }

  private static void service(JarOutputStream out, String provider) throws IOException {
    out.putNextEntry(new JarEntry("META-INF/services/" + PluginProvider.class.getName()));
    out.write((provider + "\n").getBytes(StandardCharsets.UTF_8));
    out.closeEntry();
  }
}
