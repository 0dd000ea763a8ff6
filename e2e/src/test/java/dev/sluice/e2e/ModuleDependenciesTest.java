package dev.sluice.e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Tests which module may use which. The table is the architecture: a new edge is a decision. */
final class ModuleDependenciesTest {
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          entry("flowcontrol", Set.of()),
          entry("inference", Set.of()),
          entry("endpoints", Set.of("flowcontrol")),
          entry("serving", Set.of("flowcontrol", "endpoints", "inference")),
          entry("simulation", Set.of("serving")),
          entry("modelserver", Set.of()),
          entry("observability", Set.of("flowcontrol")),
          entry("gateway", Set.of("serving")),
          entry("epp", Set.of("serving")),
          entry(
              "server",
              Set.of(
                  "flowcontrol",
                  "inference",
                  "endpoints",
                  "serving",
                  "simulation",
                  "modelserver",
                  "observability",
                  "gateway",
                  "epp")),
          entry("benchmarks", Set.of("flowcontrol", "server")),
          entry("e2e", Set.of()));

  /** The modules that the tests of every module may use, beside those of its product code. */
  private static final Set<String> ALLOWED_IN_TESTS =
      Set.of("flowcontrol", "modelserver", "server");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.sluice");

  static List<String> modules() {
    return Repository.modules().stream().map(module -> module.getFileName().toString()).toList();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void everyModuleDeclaresOnlyTheModulesItMayUse(String module) {
    assertThat(ALLOWED).containsKey(module);
    for (var dependency : dependencies(Repository.ROOT.resolve(module))) {
      if (dependency.group().equals("dev.sluice")) {
        var used = dependency.artifact().substring("sluice-".length());
        var allowed = new TreeSet<>(ALLOWED.getOrDefault(module, Set.of()));
        if (dependency.scope().equals("test")) {
          allowed.addAll(ALLOWED_IN_TESTS);
        }
        assertThat(used).as("dependency of %s, scope %s", module, dependency.scope()).isIn(allowed);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void everyModulesClassesUseOnlyTheModulesItMayUse(String module) {
    var foreign = new ArrayList<>(ALLOWED.keySet());
    foreign.removeAll(closure(module));
    var packages = foreign.stream().map(name -> "dev.sluice." + name + "..").toArray(String[]::new);

    classes()
        .that()
        .resideInAPackage("dev.sluice." + module + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackages(packages)
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void theLibraryNeedsNothingButSlf4jAndJSpecify() {
    classes()
        .that()
        .resideInAPackage("dev.sluice.flowcontrol..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.sluice.flowcontrol..", "java..", "org.slf4j", "org.jspecify.annotations")
        .check(CLASSES);

    var needed = new ArrayList<Dependency>();
    needed.addAll(dependencies(Repository.ROOT));
    needed.addAll(dependencies(Repository.ROOT.resolve("flowcontrol")));
    assertThat(needed)
        .filteredOn(dependency -> !dependency.scope().equals("test"))
        .extracting(Dependency::artifact)
        .containsExactlyInAnyOrder("slf4j-api", "jspecify");
  }

  @Test
  void whatAnLlmRequestIsNeedsNoNetwork() {
    classes()
        .that()
        .resideInAPackage("dev.sluice.inference..")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackages("io.vertx..", "io.netty..", "java.net.http..")
        .check(CLASSES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"serving", "simulation"})
  void whatIsDecidedOrSimulatedNeedsNoSockets(String module) {
    classes()
        .that()
        .resideInAPackage("dev.sluice." + module + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackages(
            "io.vertx..", "io.netty..", "java.net.http..", "dev.sluice.endpoints.scraping..")
        .check(CLASSES);
  }

  private static Set<String> closure(String module) {
    var reached = new HashSet<String>();
    var open = new ArrayList<>(List.of(module));
    while (!open.isEmpty()) {
      var next = open.removeLast();
      if (reached.add(next)) {
        open.addAll(ALLOWED.getOrDefault(next, Set.of()));
      }
    }
    return reached;
  }

  private record Dependency(String group, String artifact, String scope) {}

  /**
   * The dependencies that the pom in a folder declares itself. Those of its dependencyManagement do
   * not count.
   */
  private static List<Dependency> dependencies(Path folder) {
    var pom = Repository.read(folder.resolve("pom.xml"));
    Element project;
    try {
      project =
          DocumentBuilderFactory.newNSInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(pom.getBytes(StandardCharsets.UTF_8)))
              .getDocumentElement();
    } catch (Exception e) {
      throw new IllegalStateException("cannot read the pom of " + folder, e);
    }
    var found = new ArrayList<Dependency>();
    for (var dependencies : children(project, "dependencies")) {
      for (var dependency : children(dependencies, "dependency")) {
        var scope = text(dependency, "scope");
        found.add(
            new Dependency(
                text(dependency, "groupId"),
                text(dependency, "artifactId"),
                scope.isEmpty() ? "compile" : scope));
      }
    }
    return found;
  }

  private static List<Element> children(Element parent, String name) {
    var found = new ArrayList<Element>();
    NodeList nodes = parent.getChildNodes();
    for (int i = 0; i < nodes.getLength(); i++) {
      if (nodes.item(i) instanceof Element element && name.equals(element.getLocalName())) {
        found.add(element);
      }
    }
    return found;
  }

  private static String text(Element parent, String name) {
    return children(parent, name).stream().map(Element::getTextContent).findFirst().orElse("");
  }
}
