package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares docs/dependencies.md with the poms, and with the clients that the e2e tests install. */
final class DependenciesPageTest {
  private static final Pattern DEPENDENCY =
      Pattern.compile("<groupId>([\\w.-]+)</groupId>\\s*<artifactId>([\\w.-]+)</artifactId>");
  private static final Pattern LINE =
      Pattern.compile("\\| `([\\w.-]+:[\\w.-]+)` \\| ([\\w.-]+) \\| .{20,} \\|");
  private static final Pattern MANAGED =
      Pattern.compile(
          "<groupId>([\\w.-]+)</groupId>\\s*<artifactId>([\\w.-]+)</artifactId>"
              + "\\s*<version>\\$\\{([\\w.-]+)}</version>");
  private static final Pattern PROPERTY = Pattern.compile("<([\\w.-]+version)>([\\w.-]+)</");

  private final String page = Repository.read(Repository.ROOT.resolve("docs/dependencies.md"));
  private final String rootPom = Repository.read(Repository.ROOT.resolve("pom.xml"));

  @Test
  void hasALineForEveryDependency() {
    assertThat(lines()).containsAll(declared());
  }

  @Test
  void hasNoLineForWhatIsNotUsed() {
    var known = new TreeSet<>(declared());
    known.addAll(all(DEPENDENCY, rootPom));

    assertThat(known).containsAll(lines());
  }

  @Test
  void saysTheVersionsThatAreUsed() {
    var wrong = new ArrayList<String>();
    var managed = MANAGED.matcher(rootPom);
    while (managed.find()) {
      var name = managed.group(1) + ":" + managed.group(2);
      if (lines().contains(name)) {
        var version = property(managed.group(3));
        if (!page.contains("| `" + name + "` | " + version + " |")) {
          wrong.add(name + " is " + version);
        }
      }
    }

    assertThat(wrong).isEmpty();
  }

  @Test
  void saysTheVersionsOfTheInstalledClients() {
    var clients = Repository.ROOT.resolve("e2e/clients");
    var python =
        List.of(Repository.read(clients.resolve("requirements.txt")).strip().split("==", 2));
    var npm = Pattern.compile("\"openai\": \"([^\"]+)\"");
    var javaScript = npm.matcher(Repository.read(clients.resolve("package.json")));

    assertThat(javaScript.find()).isTrue();
    assertThat(page)
        .contains("| `" + python.getFirst() + "` (PyPI) | " + python.getLast() + " |")
        .contains("| `openai` (npm) | " + javaScript.group(1) + " |");
  }

  /** The dependencies that modules declare, without versions and without modules of Sluice. */
  private static Set<String> declared() {
    var found = new TreeSet<String>();
    for (var module : Repository.modules()) {
      var pom = Repository.read(module.resolve("pom.xml"));
      var from = pom.indexOf("<dependencies>");
      found.addAll(all(DEPENDENCY, pom.substring(from, pom.indexOf("</dependencies>", from))));
    }
    found.removeIf(name -> name.startsWith("dev.sluice:"));
    return found;
  }

  private List<String> lines() {
    var names = new ArrayList<String>();
    page.lines()
        .forEach(line -> {
          var matcher = LINE.matcher(line);
          if (matcher.matches()) {
            names.add(matcher.group(1));
          }
        });
    return names;
  }

  private static Set<String> all(Pattern pattern, String text) {
    var found = new HashSet<String>();
    var matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1) + ":" + matcher.group(2));
    }
    return found;
  }

  private String property(String name) {
    var matcher = PROPERTY.matcher(rootPom);
    while (matcher.find()) {
      if (matcher.group(1).equals(name)) {
        return matcher.group(2);
      }
    }
    throw new AssertionError("no property " + name);
  }
}
