package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.flowcontrol.framework.PluginCatalog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A wrong value of any key is a fault that names the key. */
final class EveryKeyTest {
  private static final String POOL = "pool: {endpoints: [{url: \"http://127.0.0.1:8000\"}]}\n";

  private static List<Key> keysOf(String path, Class<?> section) {
    try {
      var keys = new ArrayList<Key>();
      for (var key : Key.of(path, section)) {
        keys.add(key);
        if (key.kind() == Key.Kind.SECTION || key.kind() == Key.Kind.SECTIONS) {
          keys.addAll(keysOf(key.inside(), key.type()));
        }
      }
      return keys;
    } catch (IOException e) {
      throw new AssertionError("the records have no source", e);
    }
  }

  private static Stream<String> paths(Predicate<Key> wanted) {
    return keysOf("", SluiceConfig.class).stream().filter(wanted).map(Key::path);
  }

  static Stream<String> values() {
    return paths(key ->
        switch (key.kind()) {
          case WHOLE_NUMBER, QUANTITY, NUMBER, SWITCH, TEXT, DURATION, PLUGIN -> true;
          case SECTION, SECTIONS, TEXTS, NUMBERS_BY_NAME, TEXTS_BY_NAME, VALUES_BY_NAME -> false;
        });
  }

  static Stream<String> containers() {
    var values = Set.copyOf(values().toList());
    return paths(key -> !values.contains(key.path()));
  }

  static Stream<String> valuesOfAForm() {
    return paths(key -> key.kind() != Key.Kind.TEXT && values().anyMatch(key.path()::equals));
  }

  static Stream<String> amounts() {
    return paths(key ->
        switch (key.kind()) {
          case WHOLE_NUMBER -> !key.name().equals("priority");
          case QUANTITY, NUMBER -> true;
          case SWITCH, TEXT, DURATION, PLUGIN -> false;
          case SECTION, SECTIONS, TEXTS, NUMBERS_BY_NAME, TEXTS_BY_NAME, VALUES_BY_NAME -> false;
        });
  }

  @ParameterizedTest
  @MethodSource("values")
  void refusesAListInPlaceOfAValue(String path) {
    assertFault(path, "[x]", "got a list, allowed ");
  }

  @ParameterizedTest
  @MethodSource("containers")
  void refusesAValueInPlaceOfAListOrSection(String path) {
    assertFault(path, "7", "got 7, allowed a ");
  }

  @ParameterizedTest
  @MethodSource("valuesOfAForm")
  void refusesAWordThatIsNone(String path) {
    assertFault(path, "nonsense", "");
  }

  @ParameterizedTest
  @MethodSource("amounts")
  void refusesANegativeAmount(String path) {
    assertFault(path, "-1", "got -1");
  }

  /** Reads a file that gives one key a wrong value. */
  private static void assertFault(String path, String wrong, String what) {
    var yaml = wrong;
    var keys = path.split("\\.", -1);
    for (var i = keys.length - 1; i >= 0; i--) {
      var name = keys[i].replace("[]", "");
      var content = keys[i].endsWith("[]") ? "[" + yaml + "]" : yaml;
      yaml = i == 0 ? name + ": " + content + "\n" : "{" + name + ": " + content + "}";
    }
    var file = path.startsWith("pool") ? yaml : POOL + yaml;

    var thrown =
        catchThrowableOfType(
            InvalidConfigException.class,
            () -> new ConfigLoader(PluginCatalog.builtIn(), key -> null).load(file, "s.yaml"));

    assertThat(thrown).as(file).isNotNull();
    assertThat(String.valueOf(thrown.getMessage()).lines())
        .as(file)
        .anyMatch(line -> line.contains(" " + path.replace("[]", "[0]") + ": " + what));
  }
}
