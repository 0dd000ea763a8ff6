package dev.sluice.flowcontrol.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class RecordTypeTest {
  private static final Limits DEFAULTS = new Limits(10, 20);
  private static final RecordType<Limits> TYPE = RecordType.of(Limits.class);

  /** Two numbers above 0. */
  public record Limits(int requests, int bytes) {
    public Limits {
      if (requests == 13) {
        throw new IllegalStateException("unlucky");
      }
      new Checks().positive("requests", requests).positive("bytes", bytes).done();
    }
  }

  private static Limits made(Map<String, Integer> written) {
    return TYPE.make(TYPE.arguments(DEFAULTS, written, (component, value, preset) -> value));
  }

  @Test
  void takesWrittenValuesAndElseTheDefaults() {
    assertThat(made(Map.of("bytes", 7))).isEqualTo(new Limits(10, 7));
  }

  @Test
  void passesOnWhatTheConstructorRefuses() {
    assertThatThrownBy(() -> made(Map.of("requests", -1, "bytes", -2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("requests: got -1, allowed > 0\nbytes: got -2, allowed > 0");
  }

  @Test
  void replacesOnlyTheRefusedArgumentsByDefaults() {
    var arguments =
        TYPE.arguments(
            DEFAULTS, Map.of("requests", -1, "bytes", 7), (component, value, preset) -> value);
    var refused = catchThrowableOfType(IllegalArgumentException.class, () -> TYPE.make(arguments));

    TYPE.replaceRefused(arguments, DEFAULTS, refused);

    assertThat(TYPE.make(arguments)).isEqualTo(new Limits(10, 7));
  }

  @Test
  void reportsAnyOtherFailureAsTheProgramsOwn() {
    assertThatThrownBy(() -> made(Map.of("requests", 13)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("failed in its constructor")
        .hasRootCauseMessage("unlucky");
  }

  @Test
  void splitsARefusalIntoNamesAndFaults() {
    assertThat(RecordType.faults(new IllegalArgumentException("port: got 1\ntoo many")))
        .containsExactly(
            new RecordType.Fault("port", "got 1"), new RecordType.Fault("", "too many"));
  }
}
