package dev.sluice.flowcontrol.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.testing.NoShell;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is learned of prompts, and that names cannot fill the memory. */
final class ExperienceTest {
  private static final long SECOND = 1_000_000_000L;

  private final FlowRegistry registry =
      new FlowRegistry(
          FlowControlConfig.defaults(), (plugin, cause) -> {}, added -> {}, retired -> {}, 0);
  private final Experience experience = new Experience();

  private PendingRequest request(String tenant, String model, long estimate) {
    var request =
        FlowControlRequest.builder("r", new FlowKey(tenant, 0))
            .eligibility(Eligibility.ofModel(model))
            .inputTokens(estimate)
            .build();
    var pending = PendingRequest.of(new NoShell(), request, admission -> {});
    pending.assign(Objects.requireNonNull(registry.queueFor(request, 0)));
    return pending;
  }

  @Test
  void namesThatWereOnlyOfferedLeaveNoTrace() {
    for (var i = 0; i < 100; i++) {
      experience.promptTokens(request("tenant-" + i, "m", 100));
    }

    assertThat(experience.size()).isZero();
  }

  @Test
  void forgetsNamesBeyondItsLimit() {
    for (var i = 0; i < 3 * Experience.MOST; i++) {
      experience.learn(request("tenant-" + i, "m", 100), Usage.of(50, 1), SECOND);
    }

    assertThat(experience.size()).isEqualTo(Experience.MOST + 1);
  }

  @Test
  void keepsWhatIsInUseWhileNamesComeAndGo() {
    for (var i = 0; i < 3 * Experience.MOST; i++) {
      experience.learn(request("tenant-" + i, "m", 100), Usage.of(50, 1), SECOND);
      if (i % 1_000 == 0) {
        experience.learn(request("steady", "m", 100), Usage.of(300, 1), SECOND);
      }
    }

    assertThat(experience.promptTokens(request("steady", "m", 1_000))).isEqualTo(3_000);
  }

  @Test
  void twoFlowsOfATenantShareWhatIsLearned() {
    var first = request("a", "m", 100);
    var other = request("a", "m", 100);
    other.assign(
        Objects.requireNonNull(
            registry.queueFor(
                FlowControlRequest.builder("r", new FlowKey("a", 7))
                    .eligibility(Eligibility.ofModel("m"))
                    .build(),
                0)));
    assertThat(experience.promptTokens(first)).isEqualTo(100);
    assertThat(experience.promptTokens(other)).isEqualTo(100);

    experience.learn(first, Usage.of(300, 1), SECOND);

    assertThat(experience.promptTokens(other)).isEqualTo(300);
    experience.learn(other, Usage.of(500, 1), SECOND);
    assertThat(experience.promptTokens(first)).isEqualTo(400);
  }

  /** Whatever the mixture, many predictions together are right to a few per cent. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void predictsTheSumOfManyPrompts(long seed) {
    var random = new Random(seed);
    var predicted = 0.0;
    var counted = 0.0;
    for (var i = 0; i < 20_000; i++) {
      var text = 100 + random.nextInt(2_000);
      var images = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
      var request = request("a", "m", text / 3 + images * 1_024L);
      var used = Usage.of(text / 4 + images * 300L, 10);
      if (i > 100) {
        predicted += experience.promptTokens(request);
        counted += used.inputTokens();
      }
      experience.learn(request, used, SECOND);
    }

    assertThat(predicted / counted).as("seed %d", seed).isBetween(0.97, 1.03);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void staysInRangeForAbsurdCounts(long seed) {
    var random = new Random(seed);
    for (var i = 0; i < 5_000; i++) {
      var request = request("a", "m", random.nextLong() >>> random.nextInt(1, 64));
      var used =
          Usage.of(
              random.nextLong() >>> random.nextInt(1, 64),
              random.nextLong() >>> random.nextInt(1, 64));
      assertThat(experience.promptTokens(request))
          .as("seed %d", seed)
          .isBetween(0L, Usage.MOST_TOKENS);
      assertThat(experience.generated(request, random.nextLong(), random.nextLong() >>> 24))
          .as("seed %d", seed)
          .isBetween(0L, Usage.MOST_TOKENS);
      experience.learn(request, used, random.nextLong() >>> random.nextInt(64));
    }
  }
}
