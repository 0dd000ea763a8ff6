package dev.sluice.flowcontrol.plugins.ordering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.IntraFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class FeasibleDeadlineFirstTest extends IntraFlowDispatchPolicyConformance {
  private static final long SECOND = 1_000_000_000L;

  @Override
  protected IntraFlowDispatchPolicy newPolicy() {
    return new FeasibleDeadlineFirst(
        new FeasibleDeadlineFirst.Parameters(Duration.ofSeconds(10), 1_000));
  }

  @Test
  void ordersByTheFirstOfSloAndDeadline() {
    assertThat(key(request().sloTarget(Duration.ofSeconds(3)).deadlineNanos(9 * SECOND), SECOND))
        .isEqualTo(4 * SECOND);
    assertThat(key(request().sloTarget(Duration.ofSeconds(30)).deadlineNanos(9 * SECOND), SECOND))
        .isEqualTo(9 * SECOND);
    assertThat(key(request().deadlineNanos(9 * SECOND), SECOND)).isEqualTo(9 * SECOND);
  }

  @Test
  void countsFromTheArrivalAtTheProcess() {
    assertThat(key(request().sloTarget(Duration.ofSeconds(3)).arrivedAtNanos(5), SECOND))
        .isEqualTo(3 * SECOND + 5);
  }

  @Test
  void placesARequestWithoutEitherAtTheDefault() {
    assertThat(key(request(), SECOND)).isEqualTo(11 * SECOND);
  }

  /** So that under overload the longest prompts are shed, which take the time of most others. */
  @Test
  void placesALongPromptBehindAShortOneOfTheSameDeadline() {
    var slo = Duration.ofSeconds(3);

    assertThat(key(request().sloTarget(slo).inputTokens(1_000), SECOND)).isEqualTo(5 * SECOND);
    assertThat(key(request().sloTarget(slo).inputTokens(10), SECOND))
        .isEqualTo(4 * SECOND + SECOND / 100);
    assertThat(key(request().deadlineNanos(9 * SECOND).inputTokens(1_000), SECOND))
        .isEqualTo(10 * SECOND);
  }

  @Test
  void placesAPromptOfAnySizeBehindShorterOnes() {
    assertThat(key(request().inputTokens(Long.MAX_VALUE), SECOND))
        .isGreaterThan(key(request().inputTokens(1_000_000), SECOND));
  }

  @Test
  void shedsWhatCannotReadItsPromptInTime() {
    var item = item(request().sloTarget(Duration.ofSeconds(3)).inputTokens(1_000), 0);

    assertThat(newPolicy().isHopeless(item, 2 * SECOND)).isFalse();
    assertThat(newPolicy().isHopeless(item, 2 * SECOND + 1)).isTrue();
  }

  @Test
  void readsOnlyThePartOfAPromptThatIsNotCached() {
    var request =
        request().sloTarget(Duration.ofSeconds(3)).inputTokens(10_000).cachedInputTokens(9_000);

    assertThat(newPolicy().isHopeless(item(request, 0), 2 * SECOND)).isFalse();
    assertThat(newPolicy().isHopeless(item(request, 0), 2 * SECOND + 1)).isTrue();
  }

  @Test
  void shedsAPromptThatNoServerCouldEverRead() {
    var slow =
        new FeasibleDeadlineFirst(
            new FeasibleDeadlineFirst.Parameters(Duration.ofSeconds(10), Double.MIN_NORMAL));
    var item = item(request().sloTarget(Duration.ofSeconds(3)).inputTokens(Long.MAX_VALUE), SECOND);

    assertThat(slow.isHopeless(item, SECOND)).isTrue();
  }

  @Test
  void shedsNoRequestThatPromisedNothing() {
    var item = item(request().inputTokens(1 << 20), 0);

    assertThat(newPolicy().isHopeless(item, 1_000 * SECOND)).isFalse();
  }

  private long key(FlowControlRequest.Builder request, long enqueued) {
    return newPolicy().orderingKey(item(request, enqueued));
  }

  private static FlowControlRequest.Builder request() {
    return FlowControlRequest.builder("r", new FlowKey("f", 0));
  }

  private static FakeItem item(FlowControlRequest.Builder request, long enqueued) {
    return new FakeItem(request.build(), enqueued, Long.MAX_VALUE, 1, 0, 1);
  }
}
