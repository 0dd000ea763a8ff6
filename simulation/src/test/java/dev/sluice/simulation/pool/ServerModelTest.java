package dev.sluice.simulation.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.simulation.workload.TokenLengths;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A changed copy of a server's model differs in the changed components only. */
final class ServerModelTest {
  private static final Window WINDOW = new Window(Duration.ZERO, Duration.ofSeconds(1));
  private static final Foreign FOREIGN =
      new Foreign(1, new TokenLengths.Constant(1), new TokenLengths.Constant(2));

  /** A model in which no component has its default. */
  private static final ServerModel MODEL =
      new ServerModel(
          2,
          100,
          Duration.ofMillis(3),
          Duration.ofMillis(1),
          50,
          Set.of("m"),
          Set.of("a"),
          1.5,
          FOREIGN,
          List.of(WINDOW),
          List.of(new ModelGap("m", WINDOW)),
          7,
          new ServerHabits(1, Duration.ofSeconds(1)));

  @Test
  void aChangeKeepsAllOtherComponents() {
    assertThat(changes(MODEL.reading(200))).containsExactly("prefillTokensPerSecond");
    assertThat(changes(MODEL.slower(2)))
        .containsExactly("prefillTokensPerSecond", "perToken", "perSequence");
    assertThat(changes(MODEL.withBatch(Duration.ZERO, Duration.ZERO, 1)))
        .containsExactly("perToken", "perSequence", "kvTokens");
    assertThat(changes(MODEL.serving(Set.of("n"), Set.of()))).containsExactly("models", "adapters");
    assertThat(changes(MODEL.with(null))).containsExactly("foreign");
    assertThat(changes(MODEL.down())).containsExactly("outages");
    assertThat(changes(MODEL.without())).containsExactly("gaps");
    assertThat(changes(MODEL.withHabits(ServerHabits.PLAIN))).containsExactly("habits");
    assertThat(changes(MODEL.withPrefixCache(8))).containsExactly("prefixCacheTokens");
  }

  @Test
  void isSlowerByAFactor() {
    var slower = MODEL.slower(4);

    assertThat(slower.prefillTokensPerSecond()).isEqualTo(25);
    assertThat(slower.perToken()).isEqualTo(Duration.ofMillis(12));
    assertThat(slower.perSequence()).isEqualTo(Duration.ofMillis(4));
  }

  /** The names of the components that differ from those of {@link #MODEL}. */
  private static List<String> changes(ServerModel changed) {
    return Stream.of(ServerModel.class.getRecordComponents())
        .filter(component -> !Objects.equals(value(component, MODEL), value(component, changed)))
        .map(RecordComponent::getName)
        .toList();
  }

  private static @Nullable Object value(RecordComponent component, ServerModel model) {
    try {
      return component.getAccessor().invoke(model);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(component.getName(), e);
    }
  }
}
